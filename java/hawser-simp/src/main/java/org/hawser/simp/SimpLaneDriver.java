package org.hawser.simp;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.simp.ir.Graph;

/**
 * Runs programs over {@link SimpLaneWorker}s: it is the last rank of a communicator, whose other
 * ranks are the parties. Made for lanes; any communicator will do.
 */
public final class SimpLaneDriver extends SimpHost {
  /** A look-up whether it was closed; what comes is seen at once. */
  private static final Duration LOOK_UP = Duration.ofSeconds(1);

  private final Communicator communicator;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<Long, Asked> asked = new ConcurrentHashMap<>();

  /** By rank: why there are no more answers. */
  private final AtomicReferenceArray<HawserException> gone;

  /** A request that was not answered yet. */
  private record Asked(int rank, CompletableFuture<Object> answer) {}

  /**
   * @param communicator of all parties and this driver; belongs to the driver from now on
   * @param timeout how long a job or a fetch may take at all
   */
  public SimpLaneDriver(Communicator communicator, Duration timeout) {
    super(timeout);
    this.communicator = communicator;
    this.gone = new AtomicReferenceArray<>(communicator.worldSize());
    if (communicator.rank() != worldSize() || worldSize() < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the driver is the last of %d ranks, not rank %d; the others are the parties"
              .formatted(communicator.worldSize(), communicator.rank()));
    }
    for (int rank = 0; rank < worldSize(); rank++) {
      int party = rank;
      Thread.ofPlatform().daemon().name("hawser-answers-" + rank).start(() -> listen(party));
    }
  }

  @Override
  public int worldSize() {
    return communicator.worldSize() - 1;
  }

  @Override
  protected CompletableFuture<List<String>> submit(
      int rank, Graph graph, List<String> inputs, String job) {
    return ask(rank, "exec", new ExecRequest(graph, inputs, job).toMap())
        .thenApply(ExecRequest::uris);
  }

  @Override
  protected void cancel(int rank, String job, HawserException reason) {
    Map<String, Object> request = new HashMap<>();
    request.put("job_id", job);
    Failures.write(reason, request);
    ask(rank, "cancel", request);
  }

  @Override
  protected CompletableFuture<Object> fetch(int rank, String uri) {
    return ask(rank, "fetch", new HashMap<>(Map.of("uri", uri)));
  }

  @Override
  protected void release(int rank, List<String> uris) {
    ask(rank, "release", new HashMap<>(Map.of("uris", uris)));
  }

  private CompletableFuture<Object> ask(int rank, String what, Map<String, Object> request) {
    long number = numbers.getAndIncrement();
    request.put("ask", what);
    request.put("number", number);
    var answer = new CompletableFuture<Object>();
    asked.put(number, new Asked(rank, answer));
    answer.whenComplete((_, _) -> asked.remove(number));
    try {
      Containers.send(communicator, rank, SimpLaneWorker.ASK, request, timeout());
      failIfGone(rank, answer);
    } catch (HawserException e) {
      answer.completeExceptionally(e);
    }
    return answer;
  }

  /** Takes the answers of one party until there are no more. */
  private void listen(int rank) {
    while (gone.get(rank) == null) {
      try {
        take(rank, Containers.receive(communicator, rank, SimpLaneWorker.ANSWER, LOOK_UP));
      } catch (HawserException e) {
        if (e.code() != ErrorCode.TIMEOUT) {
          gone.set(rank, e);
        }
      }
    }
    asked.values().stream()
        .filter(request -> request.rank() == rank)
        .forEach(request -> failIfGone(rank, request.answer()));
  }

  private void failIfGone(int rank, CompletableFuture<Object> answer) {
    HawserException reason = gone.get(rank);
    if (reason != null) {
      answer.completeExceptionally(reason);
    }
  }

  private void take(int rank, Object message) {
    if (!(message instanceof Map<?, ?> answer)
        || !(answer.get("number") instanceof Long number)
        || !(asked.get(number) instanceof Asked request)
        || request.rank() != rank) {
      return; // Given up meanwhile.
    }
    if (Failures.isIn(answer)) {
      request.answer().completeExceptionally(Failures.read(answer));
    } else {
      request.answer().complete(answer.get("value"));
    }
  }

  /** Ends the workers too: they serve no other driver. */
  @Override
  public void close() {
    communicator.close();
  }
}
