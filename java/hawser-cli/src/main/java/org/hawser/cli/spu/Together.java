package org.hawser.cli.spu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** All parties as threads of this process. */
final class Together implements AutoCloseable {
  private final List<Party> parties;

  Together(List<Party> parties) {
    this.parties = parties;
  }

  /**
   * Runs something for each party, and waits for all. The first failure ends what the others wait
   * for, and is thrown.
   */
  <T> List<T> run(Function<Party, T> part) {
    return run(
        parties.size(),
        rank -> part.apply(parties.get(rank)),
        failure -> parties.forEach(party -> party.communicator().abort(failure.getMessage())));
  }

  /** Closes all at once, since each waits for the others. */
  @Override
  public void close() {
    run(
        party -> {
          party.close();
          return null;
        });
  }

  /**
   * Runs something for each rank, each on a platform thread of its own, and waits for all.
   *
   * @param wake told the first failure, so that it can end what the others wait for
   * @return what each rank returned
   * @throws HawserException or whatever else the first that failed threw
   */
  static <T> List<T> run(int size, IntFunction<T> party, Consumer<RuntimeException> wake) {
    var factory = Thread.ofPlatform().daemon().name("hawser-party-", 0).factory();
    try (var threads = Executors.newThreadPerTaskExecutor(factory)) {
      var ended = new ExecutorCompletionService<T>(threads);
      List<Future<T>> futures = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        int own = rank;
        futures.add(ended.submit(() -> party.apply(own)));
      }
      RuntimeException first = null;
      for (int left = size; left > 0; left--) {
        RuntimeException failure = failure(ended.take());
        if (first == null && failure != null) {
          first = failure;
          wake.accept(failure);
        }
      }
      if (first != null) {
        throw first;
      }
      return futures.stream().map(Future::resultNow).toList();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, "interrupted while the parties compute", e);
    }
  }

  private static RuntimeException failure(Future<?> ended) throws InterruptedException {
    try {
      ended.get();
      return null;
    } catch (ExecutionException e) {
      return e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    }
  }
}
