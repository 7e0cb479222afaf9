package org.hawser.simp;

import java.time.Duration;
import java.util.function.IntPredicate;
import org.hawser.comm.Communicator;

/** One party's process, or thread, as operations see it. Any thread may ask it. */
public interface Worker {
  int rank();

  int worldSize();

  /** Between the workers. */
  Communicator communicator();

  /** How long an operation may wait for a peer. */
  Duration timeout();

  /** What results are kept in. */
  ObjectStore store();

  /**
   * How a worker behaves.
   *
   * @param timeout how long an operation may wait for a peer
   * @param isHawser whether a rank is Hawser's, which does more than mplang's protocol has
   */
  record Options(Duration timeout, IntPredicate isHawser) {
    /** As long as mplang waits. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(600);

    /** Among Hawser's workers alone. */
    public static final Options DEFAULT = new Options(DEFAULT_TIMEOUT, _ -> true);
  }
}
