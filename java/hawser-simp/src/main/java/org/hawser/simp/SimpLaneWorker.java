package org.hawser.simp;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Key;

/**
 * One party of a {@link SimpLaneDriver}: it serves whoever is the last rank of its communicator,
 * which carries requests, results and what the parties tell each other alike.
 */
public final class SimpLaneWorker implements AutoCloseable {
  /** Under it the driver asks, in the order of its requests: see {@link #handle}. */
  static final Key ASK = Key.of("simp:ask");

  /** Under it the worker answers, in any order: {@code number}, and {@code value} or an error. */
  static final Key ANSWER = Key.of("simp:answer");

  /** A look-up whether it was closed; what comes is seen at once. */
  private static final Duration LOOK_UP = Duration.ofSeconds(1);

  private final Communicator communicator;
  private final int driver;
  private final Duration timeout;
  private final WorkerService service;
  private volatile boolean closed;

  /**
   * @param communicator of all parties and the driver; belongs to the worker from now on
   */
  public SimpLaneWorker(Communicator communicator, OpRegistry registry, WorkerOptions options) {
    this.communicator = communicator;
    this.driver = communicator.worldSize() - 1;
    this.timeout = options.peerTimeout();
    this.service = WorkerService.open(communicator, driver, registry, options);
  }

  /** Serves, on this thread, until the driver or this worker is closed. */
  public void serve() {
    while (!closed) {
      try {
        take(Containers.receive(communicator, driver, ASK, LOOK_UP));
      } catch (HawserException e) {
        if (e.code() != ErrorCode.TIMEOUT) {
          return; // The driver has gone, or this worker is closed.
        }
      }
    }
  }

  private void take(Object message) {
    if (message instanceof Map<?, ?> ask) {
      try {
        handle(ask);
      } catch (HawserException e) {
        answer(ask, null, e);
      }
    }
  }

  private void handle(Map<?, ?> ask) {
    switch (String.valueOf(ask.get("ask"))) {
      case "exec" ->
          service
              .submit(ExecRequest.of(ask))
              .result()
              .whenComplete((uris, failure) -> answer(ask, uris, failure));
      case "fetch" -> answer(ask, service.fetch(String.valueOf(ask.get("uri"))), null);
      case "release" -> {
        service.release(ExecRequest.uris(ask.get("uris")));
        answer(ask, null, null);
      }
      case "cancel" -> {
        service.cancel(String.valueOf(ask.get("job_id")), Failures.read(ask));
        answer(ask, null, null);
      }
      default ->
          throw new HawserException(
              ErrorCode.UNSUPPORTED,
              "rank %d is a worker, and cannot %s".formatted(service.rank(), ask.get("ask")));
    }
  }

  private void answer(Map<?, ?> ask, Object value, Throwable failure) {
    Map<String, Object> answer = new HashMap<>();
    answer.put("number", ask.get("number"));
    if (failure == null) {
      answer.put("value", value);
    } else {
      Failures.write(failure, answer);
    }
    Containers.send(communicator, driver, ANSWER, answer, timeout);
  }

  /** Lets jobs end as {@link WorkerOptions} say, and closes the communicator. */
  @Override
  public void close() {
    closed = true;
    try (communicator) {
      service.close();
    }
  }
}
