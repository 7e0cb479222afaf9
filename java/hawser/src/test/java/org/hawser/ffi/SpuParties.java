package org.hawser.ffi;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Runs one thread a party. */
final class SpuParties {
  interface Work<T> {
    T of(int rank) throws Exception;
  }

  private SpuParties() {}

  /** What each party's work returned; fails as the first party that failed. */
  static <T> List<T> run(int size, Work<T> work) throws Exception {
    List<T> results = new ArrayList<>();
    for (Future<T> each : settle(size, work)) {
      try {
        results.add(each.get());
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }
    return results;
  }

  /** How each party's work ended, within a minute. */
  static <T> List<Future<T>> settle(int size, Work<T> work) throws InterruptedException {
    try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
      List<Callable<T>> calls = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        int own = rank;
        calls.add(() -> work.of(own));
      }
      return threads.invokeAll(calls, 60, TimeUnit.SECONDS);
    }
  }
}
