package org.hawser.simp;

import java.time.Duration;
import java.util.function.Function;
import org.hawser.comm.Communicator;
import org.hawser.simp.ir.Graph;

/**
 * One run of a graph at one party: what the implementations of operations may ask for. One thread
 * uses it.
 */
public interface Job {
  /** Names the run, at all parties alike. */
  String id();

  /** This party's. */
  int rank();

  /** The number of parties. */
  int worldSize();

  /**
   * The parties that run the innermost {@code pcall_static} around the operation, ascending; all of
   * them outside of one.
   */
  int[] parties();

  /** How long it may wait for a peer. */
  Duration timeout();

  /** Runs a region. */
  Object[] evaluate(Graph region, Object[] inputs);

  /** Runs a region as {@link #parties} of its own. */
  Object[] evaluate(Graph region, Object[] inputs, int[] parties);

  /** This job's conversation with its peers: keys of its own, numbered as mplang does. */
  Conversation conversation();

  /** What links between some of the parties run on; it outlives the job. */
  Communicator communicator();

  /**
   * What the implementations of a dialect keep for as long as this job runs, made when first asked
   * for; closed when the job has ended, if it can be closed.
   */
  <T> T state(Class<T> type, Function<Job, T> make);

  /** What a dialect keeps for as long as its worker lives, made when first asked for. */
  <T> T workerState(Class<T> type, Function<Worker, T> make);
}
