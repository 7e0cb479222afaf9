package org.hawser.comm;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.hawser.HawserException;

/** Work on threads of its own. */
public final class Background {
  private static final Duration LONG = Duration.ofSeconds(60);

  private Background() {}

  public static <T> CompletableFuture<T> start(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  public static CompletableFuture<Void> run(Runnable work) {
    return CompletableFuture.runAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  /** The failure that the work, which blocks, ends with. */
  public static CompletableFuture<HawserException> failing(Runnable work) {
    return start(() -> assertThrows(HawserException.class, work::run));
  }

  /** The result, within a bound that only a hang exceeds. */
  public static <T> T join(CompletableFuture<T> future) {
    return future.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Waits until something becomes true that nobody tells of. */
  public static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      pause(1);
    }
    assertTrue(condition.getAsBoolean(), "it never became true");
  }

  /** Gives a thread that is to block the time to do so. */
  public static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
