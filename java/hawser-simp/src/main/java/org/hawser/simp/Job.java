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

  private final WorkerInterpreter worker;
  private final String id;
  private final States<Job> states = new States<>(this);
  private int[] parties;
  private Conversation conversation;
  // The failure that already says where it happened.
  private HawserException located;
  private volatile HawserException cancelled;
  private List<Consumer<HawserException>> onCancel;

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
  public void onCancel(Consumer<HawserException> action) {
    HawserException reason;
    synchronized (this) {
      if (onCancel == null) {
        onCancel = new ArrayList<>(2);
      }
      onCancel.add(action);
      reason = cancelled;
    }
    if (reason != null) {
      action.accept(reason);
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
    return new Evaluation(this, region, inputs).run();
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
    if (cancelled != null) {
      throw located(cancelledBy(cancelled));
    }
    try {
      Object[] results = worker.registry().find(operation).execute(this, operation, inputs);
      if (results.length != operation.outputs().size()) {
        throw new HawserException(
            ErrorCode.INTERNAL,
            "it has %d outputs and made %d".formatted(operation.outputs().size(), results.length));
      }
      return results;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw e == located ? located : located(JobFailure.of(this, operation, e));
    }
  }

  private HawserException located(HawserException failure) {
    located = failure;
    return failure;
  }

  /** Ends it: who waits for its messages is woken. */
  void cancel(HawserException reason) {
    List<Consumer<HawserException>> actions;
    synchronized (this) {
      if (cancelled != null) {
        return;
      }
      cancelled = reason;
      actions = onCancel == null ? List.of() : List.copyOf(onCancel);
    }
    actions.forEach(action -> action.accept(reason));
  }

  /** Why it has been cancelled, null when it has not. */
  HawserException cancelled() {
    return cancelled;
  }

  HawserException cancelledBy(HawserException reason) {
    return new HawserException(
        ErrorCode.CANCELLED, "%s was cancelled: %s".formatted(this, reason.getMessage()), reason);
  }

  boolean isAnonymous() {
    return id.equals(ANONYMOUS);
  }

  /** Closes what operations have kept for it. */
  void end() {
    try {
      states.close();
    } finally {
      if (cancelled != null && conversation != null) {
        conversation.admit();
      }
    }
  }

  /** For messages. */
  @Override
  public String toString() {
    return "rank %d, job %s".formatted(rank(), id);
  }
}
