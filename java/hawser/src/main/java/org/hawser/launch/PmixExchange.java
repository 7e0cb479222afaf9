package org.hawser.launch;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.ffi.Pmix;

/**
 * The exchange through the cluster's PMIx server. All native calls run on platform threads of ours:
 * callers wait in Java, so that a virtual thread keeps no carrier, and so that a deadline holds
 * even where the server ignores PMIX_TIMEOUT. A get has a thread of its own, because the server may
 * answer it after this rank's next commit alone; all else runs on one thread, in its order. A call
 * that outlives its deadline keeps its thread: later calls queue behind it, each with its own
 * deadline, and who asks for the same key again takes the answer of the get that is on its way.
 */
final class PmixExchange implements Exchange {
  /** For the calls that only hand something to the server on the same host. */
  private static final Duration LOCAL_TIMEOUT = Duration.ofSeconds(30);

  private record Wanted(int rank, String key) {}

  private static final long FIRST_NAP_NANOS = 100_000;
  private static final long LONGEST_NAP_NANOS = 10_000_000;

  private final ExecutorService caller =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("hawser-pmix").factory());
  private final ExecutorService getters =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("hawser-pmix-get-", 0).factory());
  private final Map<Wanted, CompletableFuture<Optional<byte[]>>> looks = new HashMap<>();
  private final Pmix pmix;
  private Pmix.Process process;
  private String who;
  private boolean closed;

  private PmixExchange(Pmix pmix, String who) {
    this.pmix = pmix;
    this.who = who;
  }

  /** Joins the job; {@code who} names this process until PMIx has told its rank. */
  static Launch join(String who, String reason, Duration timeout) {
    PmixExchange exchange;
    try {
      exchange = new PmixExchange(Pmix.load(), who);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          who
              + ": "
              + reason
              + ", but "
              + e.getMessage()
              + " on every host of the job (or set HAWSER_LAUNCHER=slurm or openmpi to do without PMIx)",
          e);
    }
    try {
      var operation = "joining the PMIx job";
      var joined = exchange.submit(operation, () -> exchange.init(reason));
      var member = exchange.await(operation, timeout, joined);
      exchange.who = member.toString();
      return new Launch(member, exchange);
    } catch (HawserException e) {
      exchange.caller.shutdown();
      throw e;
    }
  }

  private Member init(String reason) {
    process = pmix.init();
    return new Member(
        "pmix",
        reason + ", " + pmix.version(),
        process.namespace(),
        process.rank(),
        pmix.jobSize(process.namespace()),
        pmix.localRank(process).orElse(0));
  }

  @Override
  public void put(String key, byte[] value) {
    run("put of " + key, LOCAL_TIMEOUT, () -> pmix.put(key, value));
  }

  @Override
  public void commit() {
    run("commit", LOCAL_TIMEOUT, pmix::commit);
  }

  @Override
  public void fence(Duration timeout) {
    run("fence", timeout, () -> pmix.fence(seconds(timeout)));
  }

  @Override
  public byte[] get(int rank, String key, Duration timeout) {
    var operation = "get of " + key + " from rank " + rank;
    var deadline = Deadline.in(timeout);
    var found = look(operation, rank, key, false, deadline);
    // A server may wait for a rank's first commit alone: of the next it tells who asks it again,
    // where this process would go by what it has learned of the rank before.
    long nap = FIRST_NAP_NANOS;
    while (found.isEmpty()) {
      if (deadline.passed()) {
        throw late(operation, null);
      }
      LockSupport.parkNanos(this, Math.min(nap, deadline.leftOrZero()));
      nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
      found = look(operation, rank, key, true, deadline);
    }
    return found.get();
  }

  private Optional<byte[]> look(
      String operation, int rank, String key, boolean refresh, Deadline deadline) {
    var left = deadline.remaining();
    // A copy: a caller that gives up does not take the answer away from others.
    return await(operation, left, begin(operation, new Wanted(rank, key), refresh, left).copy());
  }

  private synchronized CompletableFuture<Optional<byte[]>> begin(
      String operation, Wanted wanted, boolean refresh, Duration timeout) {
    requireOpen(operation);
    return looks.computeIfAbsent(
        wanted,
        _ -> CompletableFuture.supplyAsync(() -> find(wanted, refresh, seconds(timeout)), getters));
  }

  private Optional<byte[]> find(Wanted wanted, boolean refresh, int timeoutSeconds) {
    try {
      return pmix.get(process.namespace(), wanted.rank, wanted.key, timeoutSeconds, refresh);
    } finally {
      synchronized (this) {
        looks.remove(wanted);
      }
    }
  }

  @Override
  public void close() {
    Future<Object> answer;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      getters.shutdown();
      answer = caller.submit(Executors.callable(this::leave));
      caller.shutdown();
    }
    await("leaving the PMIx job", LOCAL_TIMEOUT, answer);
  }

  private void leave() {
    try {
      if (getters.awaitTermination(LOCAL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        pmix.finish();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(String operation, Duration timeout, Runnable call) {
    await(operation, timeout, submit(operation, Executors.callable(call)));
  }

  private synchronized <T> Future<T> submit(String operation, Callable<T> call) {
    requireOpen(operation);
    return caller.submit(call);
  }

  private void requireOpen(String operation) {
    if (closed) {
      throw new HawserException(ErrorCode.CLOSED, who + ": " + operation + " after close");
    }
  }

  private <T> T await(String operation, Duration timeout, Future<T> answer) {
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // Unstarted, it must not run later; started, it can not be stopped: libpmix knows no way.
      answer.cancel(false);
      throw late(operation, e);
    } catch (InterruptedException e) {
      answer.cancel(false);
      Thread.currentThread().interrupt();
      throw new HawserException(
          ErrorCode.CANCELLED, who + ": " + operation + " was interrupted", e);
    } catch (ExecutionException e) {
      var code =
          e.getCause() instanceof HawserException hawser ? hawser.code() : ErrorCode.INTERNAL;
      throw new HawserException(code, who + ": " + e.getCause().getMessage(), e.getCause());
    }
  }

  private HawserException late(String operation, TimeoutException cause) {
    return new HawserException(
        ErrorCode.TIMEOUT,
        who + ": " + operation + " had no answer in time: is a rank gone or late?",
        cause);
  }

  private static int seconds(Duration timeout) {
    return (int) Math.max(1, timeout.plusMillis(999).toSeconds());
  }
}
