package org.hawser.simp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Operation;

/**
 * One run of a graph at one party: what the implementations of operations may ask for. One thread
 * uses it; any thread may cancel it.
 */
public final class Job {
  /** The id of jobs whose driver gives none: mplang's over HTTP. */
  public static final String ANONYMOUS = "anonymous";

  /** Far below what a thread's stack takes. */
  private static final int MAX_DEPTH = 200;

  private final WorkerInterpreter worker;
  private final String id;
  private final States<Job> states = new States<>(this);
  private int[] parties;
  private int depth;
  private Conversation conversation;
  // The failure that already says where it happened.
  private HawserException located;
  // Written under the lock, as what follows.
  private volatile HawserException cancelled;
  private List<Consumer<HawserException>> onCancel;
  private boolean ended;

  Job(WorkerInterpreter worker, String id) {
    this.worker = worker;
    this.id = id;
  }

  /** Names the run, at all parties alike. */
  public String id() {
    return id;
  }

  /** This party's. */
  public int rank() {
    return worker.rank();
  }

  /** The number of parties. */
  public int worldSize() {
    return worker.worldSize();
  }

  /**
   * The parties that run the innermost {@code pcall_static} around the operation, ascending; all of
   * them outside of one.
   */
  public int[] parties() {
    if (parties == null) {
      parties = IntStream.range(0, worldSize()).toArray();
    }
    return parties.clone();
  }

  /** Whether a rank's worker is Hawser's, which does more than mplang's protocol has. */
  public boolean isHawser(int rank) {
    return worker.isHawser(rank);
  }

  /** How long it may wait for a peer. */
  public Duration timeout() {
    return worker.timeout();
  }

  /** This job's conversation with its peers: keys of its own, numbered as mplang does. */
  public Conversation conversation() {
    if (conversation == null) {
      conversation = new Conversation(worker, id);
      onCancel(conversation::refuse);
    }
    return conversation;
  }

  /** What links between some of the parties run on; it outlives the job. */
  public Communicator communicator() {
    return worker.communicator();
  }

  /** What this party keeps between jobs. */
  public ObjectStore store() {
    return worker.store();
  }

  /**
   * What the implementations of a dialect keep for as long as this job runs, made when first asked
   * for; closed when the job has ended, if it can be closed.
   */
  public <T> T state(Class<T> type, Function<Job, T> make) {
    return states.get(type, make);
  }

  /** What a dialect keeps for as long as its worker lives, made when first asked for. */
  public <T> T workerState(Class<T> type, Function<Worker, T> make) {
    return worker.state(type, make);
  }

  /**
   * Calls an action when this job is cancelled, at once when it is already: it wakes whoever waits
   * for this job's sake. It runs in any thread, must not block for long, and is told why.
   */
  public synchronized void onCancel(Consumer<HawserException> action) {
    if (onCancel == null) {
      onCancel = new ArrayList<>(2);
    }
    onCancel.add(action);
    if (cancelled != null) {
      action.accept(cancelled);
    }
  }

  /** Runs a region. */
  public Object[] evaluate(Graph region, Object[] inputs) {
    if (inputs.length != region.inputs().size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: a graph of %d inputs was given %d"
              .formatted(this, region.inputs().size(), inputs.length));
    }
    if (depth == MAX_DEPTH) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "regions are nested more than %d deep".formatted(MAX_DEPTH));
    }
    depth++;
    try {
      return new Evaluation(this, region, inputs).run();
    } finally {
      depth--;
    }
  }

  /** Runs a region as {@link #parties} of its own. */
  public Object[] evaluate(Graph region, Object[] inputs, int[] parties) {
    int[] outer = this.parties;
    this.parties = parties.clone();
    try {
      return evaluate(region, inputs);
    } finally {
      this.parties = outer;
    }
  }

  /** Does one operation, and says in every failure where it happened. */
  Object[] execute(Operation operation, Object[] inputs) {
    try {
      requireNotCancelled();
      Object[] results = worker.registry().find(operation).execute(this, operation, inputs);
      if (results.length != operation.outputs().size()) {
        throw new HawserException(
            ErrorCode.INTERNAL,
            "it has %d outputs and made %d".formatted(operation.outputs().size(), results.length));
      }
      return results;
    } catch (RuntimeException | Error e) {
      throw e == located ? located : located(JobFailure.of(this, operation, e));
    }
  }

  private HawserException located(HawserException failure) {
    located = failure;
    return failure;
  }

  private void requireNotCancelled() {
    HawserException reason = cancelled;
    if (reason != null) {
      throw reason.again();
    }
  }

  /** Ends it: who waits for its messages is woken. Any thread may do so, also when it has ended. */
  synchronized void cancel(HawserException reason) {
    if (cancelled != null || ended) {
      return;
    }
    cancelled =
        new HawserException(ErrorCode.CANCELLED, "cancelled: " + reason.getMessage(), reason);
    if (onCancel != null) {
      onCancel.forEach(action -> action.accept(cancelled));
    }
  }

  boolean isAnonymous() {
    return id.equals(ANONYMOUS);
  }

  /** Closes what operations have kept for it. It cannot be cancelled any more. */
  void end() {
    synchronized (this) {
      ended = true;
    }
    if (cancelled != null && conversation != null) {
      conversation.admit();
    }
    states.close();
  }

  /** For messages. */
  @Override
  public String toString() {
    return "rank %d, job %s".formatted(rank(), id);
  }
}
