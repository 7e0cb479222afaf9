package org.hawser.simp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;

/**
 * One job as its host sees it: begun at all parties, and cancelled at the others when one fails.
 */
final class HostJob {
  private final SimpHost host;
  private final String id;
  private final AtomicReference<HawserException> failure = new AtomicReference<>();

  HostJob(SimpHost host, String id) {
    this.host = host;
    this.id = id;
  }

  /** The results' URIs, one list a rank. */
  List<List<String>> run(Graph graph, List<HostVar> inputs) {
    int parties = host.worldSize();
    List<CompletableFuture<List<String>>> futures = new ArrayList<>(parties);
    try {
      for (int rank = 0; rank < parties; rank++) {
        int party = rank;
        CompletableFuture<List<String>> future =
            host.submit(rank, graph, partsOf(inputs, rank), id);
        future.whenComplete((_, thrown) -> ended(party, thrown));
        futures.add(future);
      }
      return host.collect(futures);
    } catch (RuntimeException e) {
      HawserException reason = Failures.of(e);
      fail(-1, reason);
      forget(futures);
      // What one party's failure has caused at others may be seen here before it.
      throw failure.get() == reason ? reason : failure.get().again();
    }
  }

  private static List<String> partsOf(List<HostVar> inputs, int rank) {
    List<String> parts = new ArrayList<>(inputs.size());
    for (HostVar input : inputs) {
      parts.add(input.uri(rank));
    }
    return parts;
  }

  private void ended(int rank, Throwable thrown) {
    if (thrown != null) {
      fail(rank, Failures.of(thrown));
    }
  }

  /** The first failure ends the job everywhere else. */
  private void fail(int failed, HawserException reason) {
    if (!failure.compareAndSet(null, reason)) {
      return;
    }
    for (int rank = 0; rank < host.worldSize(); rank++) {
      if (rank != failed) {
        host.cancel(rank, id, reason);
      }
    }
  }

  /** What some parties have made, or will have, of a job that failed: nobody knows it by name. */
  private void forget(List<CompletableFuture<List<String>>> futures) {
    for (int rank = 0; rank < futures.size(); rank++) {
      int party = rank;
      futures
          .get(rank)
          .thenAccept(uris -> host.release(party, uris.stream().filter(Objects::nonNull).toList()));
    }
  }

  /** As {@link SimpHost#collect}. */
  static List<List<String>> awaitAll(
      List<CompletableFuture<List<String>>> futures, Duration timeout) {
    if (!futures.stream().allMatch(CompletableFuture::isDone)) {
      await(allOrFirstFailure(futures), timeout, "a job");
    }
    List<List<String>> results = new ArrayList<>(futures.size());
    for (CompletableFuture<List<String>> future : futures) {
      results.add(await(future, timeout, "a job"));
    }
    return results;
  }

  private static CompletableFuture<?> allOrFirstFailure(
      List<? extends CompletableFuture<?>> futures) {
    CompletableFuture<Object> failed = new CompletableFuture<>();
    for (CompletableFuture<?> future : futures) {
      future.whenComplete(
          (_, thrown) -> {
            if (thrown != null) {
              failed.completeExceptionally(thrown);
            }
          });
    }
    return CompletableFuture.anyOf(
        failed, CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new)));
  }

  /**
   * A future's value.
   *
   * @param what for the error when it does not come in time
   */
  static <T> T await(CompletableFuture<T> future, Duration timeout, String what) {
    try {
      return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw Failures.of(e).again();
    } catch (TimeoutException e) {
      throw new HawserException(
          ErrorCode.TIMEOUT, "%s has not ended within %s".formatted(what, timeout), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(
          ErrorCode.CANCELLED, "the thread that waited for %s was interrupted".formatted(what), e);
    }
  }
}
