package org.hawser.base;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Runs what blocks in native code on a platform thread: a virtual thread would take its carrier
 * down with it.
 */
public final class Platform {
  private Platform() {}

  /**
   * Runs the action, on a thread of its own when the caller is virtual, which then parks; what it
   * throws is thrown here.
   */
  public static <T> T call(Supplier<T> action) {
    if (!Thread.currentThread().isVirtual()) {
      return action.get();
    }
    var result = new CompletableFuture<T>();
    Thread.ofPlatform()
        .daemon()
        .name("hawser-helper")
        .start(
            () -> {
              try {
                result.complete(action.get());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
