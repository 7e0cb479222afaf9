package org.hawser.port;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What a {@link PortBootstrap} has begun with a peer, and goes on with by itself: several may be
 * under way at once, with any peers, and be awaited in any order.
 */
public final class Pending<T> {
  private final CompletableFuture<T> result = new CompletableFuture<>();

  private Pending() {}

  /** Does the work on a thread of its own, which must end within a bound. */
  static <T> Pending<T> begin(Supplier<T> work) {
    var pending = new Pending<T>();
    Thread.ofPlatform()
        .daemon()
        .name("hawser-bootstrap")
        .start(
            () -> {
              try {
                pending.result.complete(work.get());
              } catch (Throwable e) {
                pending.result.completeExceptionally(e);
              }
            });
    return pending;
  }

  /**
   * Waits for the result, at most as long as was said when it was begun.
   *
   * @throws HawserException why there is none; CANCELLED when the thread is interrupted
   */
  public T await() {
    try {
      return result.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, "interrupted while a peer was awaited", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HawserException known) {
        throw known.again();
      }
      throw new CompletionException(e.getCause());
    }
  }

  public boolean isDone() {
    return result.isDone();
  }
}
