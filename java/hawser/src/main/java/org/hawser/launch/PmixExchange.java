package org.hawser.launch;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.Pmix;

/**
 * The exchange through the cluster's PMIx server. All native calls run on one platform thread of
 * ours: callers wait in Java, so that a virtual thread keeps no carrier, and so that a deadline
 * holds even where the server ignores PMIX_TIMEOUT. A call that outlives its deadline keeps that
 * thread; later calls queue behind it, each with its own deadline.
 */
final class PmixExchange implements Exchange {
  /** For the calls that only hand something to the server on the same host. */
  private static final Duration LOCAL_TIMEOUT = Duration.ofSeconds(30);

  private final ExecutorService caller =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("hawser-pmix").factory());
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
    return await(
        operation,
        timeout,
        submit(operation, () -> pmix.get(process.namespace(), rank, key, seconds(timeout))));
  }

  @Override
  public void close() {
    Future<Object> answer;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      answer = caller.submit(Executors.callable(pmix::finish));
      caller.shutdown();
    }
    await("leaving the PMIx job", LOCAL_TIMEOUT, answer);
  }

  private void run(String operation, Duration timeout, Runnable call) {
    await(operation, timeout, submit(operation, Executors.callable(call)));
  }

  private synchronized <T> Future<T> submit(String operation, Callable<T> call) {
    if (closed) {
      throw new HawserException(ErrorCode.CLOSED, who + ": " + operation + " after close");
    }
    return caller.submit(call);
  }

  private <T> T await(String operation, Duration timeout, Future<T> answer) {
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // Unstarted, it must not run later; started, it can not be stopped: libpmix knows no way.
      answer.cancel(false);
      throw new HawserException(
          ErrorCode.TIMEOUT,
          who + ": " + operation + " had no answer within " + timeout + ": is a rank gone or late?",
          e);
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

  private static int seconds(Duration timeout) {
    return (int) Math.max(1, timeout.plusMillis(999).toSeconds());
  }
}
