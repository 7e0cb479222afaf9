package org.hawser.simp;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;

/**
 * What the workers of all drivers do with requests, however these came: it runs jobs, so many at
 * once and each on a platform thread, since libspu blocks in native code; it remembers how they
 * ended, and hands out objects. Any thread may use it.
 *
 * <p>Jobs without a name run one at a time: the keys of their messages are the same.
 */
final class WorkerService implements AutoCloseable {
  /** How long a cancelled job may take to notice. */
  private static final Duration NOTICE = Duration.ofSeconds(5);

  private static final Duration IDLE = Duration.ofMinutes(1);

  private final WorkerInterpreter interpreter;
  private final WorkerOptions options;
  private final WorkerJobs jobs = new WorkerJobs();
  private final Set<WorkerJob> open = ConcurrentHashMap.newKeySet();
  private final WorkerMetrics metrics;
  private final ThreadPoolExecutor named;
  private final ThreadPoolExecutor anonymous;

  /**
   * Begins to take jobs.
   *
   * @param communicator between the parties; stays the caller's
   * @param worldSize the number of parties: ranks of the communicator beyond are none
   */
  static WorkerService open(
      Communicator communicator, int worldSize, OpRegistry registry, WorkerOptions options) {
    ObjectStore store =
        options.store().<ObjectStore>map(FileStore::open).orElseGet(MemoryStore::new);
    var behaviour = new Worker.Options(options.peerTimeout(), communicator::isHawser);
    return new WorkerService(
        new WorkerInterpreter(communicator, worldSize, store, registry, behaviour), options);
  }

  private WorkerService(WorkerInterpreter interpreter, WorkerOptions options) {
    this.interpreter = interpreter;
    this.options = options;
    this.named = pool("hawser-job-%d-".formatted(interpreter.rank()), options.jobsAtOnce());
    this.anonymous = pool("hawser-anonymous-%d-".formatted(interpreter.rank()), 1);
    this.metrics = new WorkerMetrics(this, interpreter.communicator());
  }

  private ThreadPoolExecutor pool(String name, int threads) {
    var pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(options.jobsWaiting()),
            Thread.ofPlatform().daemon().name(name, 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  int rank() {
    return interpreter.rank();
  }

  int worldSize() {
    return interpreter.worldSize();
  }

  WorkerMetrics metrics() {
    return metrics;
  }

  /**
   * Takes a job, which runs when its turn comes.
   *
   * @throws HawserException INVALID_ARGUMENT when one of its name has not ended, REFUSED when too
   *     many wait, CLOSED once the worker stops
   */
  WorkerJob submit(ExecRequest request) {
    var job = new WorkerJob(request.job());
    if (!request.isAnonymous()) {
      jobs.add(job);
    }
    start(job, request);
    return job;
  }

  /**
   * As {@link #submit}, where a job's name stands for one run: a job of that name that was taken
   * before is the answer.
   */
  WorkerJob submitOnce(ExecRequest request) {
    if (request.isAnonymous()) {
      return submit(request);
    }
    var job = new WorkerJob(request.job());
    WorkerJob taken = jobs.addOrFind(job);
    if (taken == job) {
      start(job, request);
    }
    return taken;
  }

  private void start(WorkerJob job, ExecRequest request) {
    open.add(job);
    job.result().whenComplete((_, _) -> ended(job));
    try {
      (request.isAnonymous() ? anonymous : named).execute(() -> job.run(() -> run(request)));
    } catch (RejectedExecutionException e) {
      HawserException refusal = refusal(request.job());
      job.giveUp(refusal);
      throw refusal;
    }
    limit(job);
  }

  private void ended(WorkerJob job) {
    open.remove(job);
    metrics.ended(job);
  }

  private List<String> run(ExecRequest request) {
    return interpreter.run(request.graph(), request.inputs(), request.job());
  }

  /** A job that takes too long is cancelled. */
  private void limit(WorkerJob job) {
    job.result()
        .copy()
        .orTimeout(options.jobTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete(
            (_, failure) -> {
              if (failure instanceof TimeoutException) {
                cancel(job, failed(ErrorCode.TIMEOUT, job, "took " + options.jobTimeout()));
              }
            });
  }

  private HawserException failed(ErrorCode code, WorkerJob job, String why) {
    return new HawserException(
        code, "rank %d: job %s was cancelled: %s".formatted(rank(), job.id(), why));
  }

  private HawserException refusal(String job) {
    if (isStopping()) {
      return new HawserException(
          ErrorCode.CLOSED, "rank %d stops, and takes no job %s".formatted(rank(), job));
    }
    return new HawserException(
        ErrorCode.REFUSED,
        "rank %d takes no job %s: %d jobs wait already; send it again later"
            .formatted(rank(), job, waiting()));
  }

  /** A job, unless it is too long ago, or had no name. */
  Optional<WorkerJob> job(String id) {
    return jobs.find(id);
  }

  /** Ends a job that has failed elsewhere, and one that is still to come. */
  void cancel(String id, HawserException reason) {
    jobs.find(id).ifPresentOrElse(job -> cancel(job, reason), () -> interpreter.cancel(id, reason));
  }

  private void cancel(WorkerJob job, HawserException reason) {
    job.giveUp(reason);
    if (!job.hasEnded()) {
      interpreter.cancel(job.id(), reason);
    }
  }

  /** Why a job would be refused now; empty when none would. */
  Optional<String> unready() {
    if (isStopping()) {
      return Optional.of("the worker stops");
    }
    return named.getQueue().remainingCapacity() > 0
        ? Optional.empty()
        : Optional.of("%d jobs wait already".formatted(waiting()));
  }

  private boolean isStopping() {
    return named.isShutdown();
  }

  int running() {
    return named.getActiveCount() + anonymous.getActiveCount();
  }

  int waiting() {
    return named.getQueue().size() + anonymous.getQueue().size();
  }

  /**
   * @throws HawserException (INVALID_ARGUMENT) when there is nothing of that URI
   */
  Object fetch(String uri) {
    return interpreter.store().get(uri);
  }

  void release(List<String> uris) {
    uris.forEach(interpreter.store()::remove);
  }

  List<String> objects() {
    return interpreter.store().uris();
  }

  /** Takes no more jobs, lets those that it has end, within a bound, and cancels the others. */
  @Override
  public void close() {
    List<ThreadPoolExecutor> pools = List.of(named, anonymous);
    pools.forEach(ThreadPoolExecutor::shutdown);
    await(pools, options.stopTimeout());
    open.forEach(job -> cancel(job, failed(ErrorCode.CLOSED, job, "the worker stops")));
    pools.forEach(ThreadPoolExecutor::shutdownNow);
    await(pools, NOTICE);
    try (var _ = interpreter.store()) {
      interpreter.close();
    }
  }

  private static void await(List<ThreadPoolExecutor> pools, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      for (ThreadPoolExecutor pool : pools) {
        pool.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
