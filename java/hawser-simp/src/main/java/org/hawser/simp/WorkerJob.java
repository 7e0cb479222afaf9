package org.hawser.simp;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** One job at one worker, from its arrival until nobody asks about it any more. */
final class WorkerJob {
  /** The names are mplang's. */
  enum Status {
    PENDING,
    RUNNING,
    SUCCESS,
    FAILED
  }

  private final String id;
  private final long arrived = System.nanoTime();
  private final CompletableFuture<List<String>> result = new CompletableFuture<>();
  private boolean begun;

  WorkerJob(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  /** URIs, one an output of the graph; or a {@link HawserException}. */
  CompletableFuture<List<String>> result() {
    return result;
  }

  boolean hasEnded() {
    return result.isDone();
  }

  synchronized Status status() {
    if (result.isDone()) {
      return result.isCompletedExceptionally() ? Status.FAILED : Status.SUCCESS;
    }
    return begun ? Status.RUNNING : Status.PENDING;
  }

  /** Since it arrived. */
  double seconds() {
    return (System.nanoTime() - arrived) / 1e9;
  }

  /** Runs it on this thread, unless it has been given up. Never throws. */
  void run(Supplier<List<String>> work) {
    if (!begin()) {
      return;
    }
    try {
      result.complete(work.get());
    } catch (HawserException e) {
      result.completeExceptionally(e);
    } catch (Throwable e) { // Whatever a program runs into, even a full stack, is its own affair.
      result.completeExceptionally(
          new HawserException(ErrorCode.INTERNAL, "job %s failed: %s".formatted(id, e), e));
    }
  }

  private synchronized boolean begin() {
    begun = !result.isDone();
    return begun;
  }

  /** Ends it unless it has begun. */
  synchronized void giveUp(HawserException reason) {
    if (!begun) {
      result.completeExceptionally(reason);
    }
  }
}
