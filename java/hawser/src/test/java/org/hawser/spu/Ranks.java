package org.hawser.spu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hawser.comm.Communicator;

/** Runs ranks as threads, each to its own end. */
final class Ranks {
  private static final long LIMIT_SECONDS = 50;

  interface Work<T> {
    T of(Communicator communicator) throws Exception;
  }

  private Ranks() {}

  /** How each rank's work ended. */
  static <T> List<Future<T>> settle(List<? extends Communicator> communicators, Work<T> work)
      throws Exception {
    try (var threads = Executors.newFixedThreadPool(communicators.size())) {
      var calls = new ArrayList<Callable<T>>();
      for (Communicator communicator : communicators) {
        calls.add(() -> work.of(communicator));
      }
      return threads.invokeAll(calls, LIMIT_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** What each rank's work returned. */
  static <T> List<T> run(List<? extends Communicator> communicators, Work<T> work)
      throws Exception {
    var results = new ArrayList<T>();
    for (Future<T> ended : settle(communicators, work)) {
      results.add(ended.get());
    }
    return results;
  }

  /** What two that need each other return. */
  static <T> List<T> both(Callable<T> first, Callable<T> second) throws Exception {
    try (var threads = Executors.newFixedThreadPool(2)) {
      Future<T> other = threads.submit(second);
      return List.of(first.call(), other.get(LIMIT_SECONDS, TimeUnit.SECONDS));
    }
  }

  /** What a rank's work threw; null when it returned. */
  static Throwable thrown(Future<?> ended) throws InterruptedException, TimeoutException {
    try {
      ended.get(0, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }
}
