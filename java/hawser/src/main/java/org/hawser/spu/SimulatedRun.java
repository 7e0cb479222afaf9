package org.hawser.spu;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;

/** One run of a simulator: starts its ranks, and gathers what they return. */
final class SimulatedRun<T> {
  /** For ranks to notice that another has failed, beyond the session's timeout. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final List<? extends Communicator> communicators;
  private final List<Integer> parties;
  private final RuntimeConfig config;
  private final SessionOptions options;
  private final BlockingQueue<Outcome<T>> outcomes = new LinkedBlockingQueue<>();

  /**
   * @param thrown null when the rank returned
   */
  private record Outcome<T>(int rank, T result, Throwable thrown) {}

  /** The communicators, one a rank, stay their owner's; a failure aborts them. */
  SimulatedRun(
      List<? extends Communicator> communicators,
      List<Integer> parties,
      RuntimeConfig config,
      SessionOptions options) {
    this.communicators = communicators;
    this.parties = parties;
    this.config = config;
    this.options = options;
  }

  List<T> run(Function<Session, T> body) {
    for (Communicator communicator : communicators) {
      Thread.ofPlatform()
          .name("hawser-rank-" + communicator.rank())
          .daemon()
          .start(() -> outcomes.add(play(communicator, body)));
    }
    try {
      return gather();
    } catch (InterruptedException e) {
      abort("the simulation was interrupted");
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, "the simulation was interrupted", e);
    }
  }

  private Outcome<T> play(Communicator communicator, Function<Session, T> body) {
    try (var session = Session.open(communicator, parties, config, options)) {
      return new Outcome<>(communicator.rank(), body.apply(session), null);
    } catch (Throwable e) {
      // Whatever it is, the caller of run gets it, and the other ranks hear of it.
      return new Outcome<>(communicator.rank(), null, e);
    }
  }

  /** Waits as long as ranks work; once one has failed, no longer than its peers need to notice. */
  private List<T> gather() throws InterruptedException {
    @SuppressWarnings("unchecked") // an array of T is made nowhere else
    var results = (T[]) new Object[communicators.size()];
    for (int left = results.length; left > 0; left--) {
      Outcome<T> outcome = outcomes.take();
      if (outcome.thrown() != null) {
        HawserException failure = failed(outcome);
        abort(failure.getMessage());
        awaitOthers(left - 1, failure);
        throw failure;
      }
      results[outcome.rank()] = outcome.result();
    }
    return Arrays.asList(results);
  }

  private void awaitOthers(int count, HawserException failure) throws InterruptedException {
    long deadline = System.nanoTime() + options.timeout().toNanos() + GRACE_NANOS;
    for (int left = count; left > 0; left--) {
      Outcome<T> outcome = outcomes.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (outcome == null) {
        failure.addSuppressed(
            new HawserException(ErrorCode.TIMEOUT, "%d ranks have not returned".formatted(left)));
        return;
      }
      if (outcome.thrown() != null) {
        failure.addSuppressed(outcome.thrown());
      }
    }
  }

  private void abort(String reason) {
    communicators.forEach(communicator -> communicator.abort(reason));
  }

  private HawserException failed(Outcome<T> outcome) {
    Throwable e = outcome.thrown();
    boolean isOurs = e instanceof HawserException;
    ErrorCode code = isOurs ? ((HawserException) e).code() : ErrorCode.INTERNAL;
    String reason = isOurs ? e.getMessage() : e.toString();
    String message =
        "simulated rank %d of %d: %s".formatted(outcome.rank(), communicators.size(), reason);
    return new HawserException(code, message, e, outcome.rank(), -1, "", 0);
  }
}
