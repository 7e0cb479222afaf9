package org.hawser.simp;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.http.HttpClient;
import org.hawser.http.HttpReply;
import org.hawser.lane.HostPort;

/**
 * A worker as its driver sees it: Hawser's, which takes binary bodies and more requests, or
 * mplang's. Any thread may use it; nothing here waits for an answer.
 */
final class RemoteWorker {
  /** How long a worker may take for what it does at once. */
  static final Duration SHORT = Duration.ofSeconds(30);

  /** How often a worker is asked how it is while it does something long. */
  private static final Duration LOOK = Duration.ofSeconds(10);

  private static final int OK = 200;

  private final HttpClient client;
  private final int rank;
  private final HostPort endpoint;
  private final boolean isHawser;
  private final WireForm form;

  /** What it was told and nobody awaits. */
  private final Set<CompletableFuture<?>> told = ConcurrentHashMap.newKeySet();

  private RemoteWorker(HttpClient client, int rank, HostPort endpoint, boolean isHawser) {
    this.client = client;
    this.rank = rank;
    this.endpoint = endpoint;
    this.isHawser = isHawser;
    this.form = isHawser ? WireForm.CONTAINER : WireForm.PACKED;
  }

  /** Asks who is there; fails when it is not that rank of so many. */
  static CompletableFuture<RemoteWorker> meet(
      HttpClient client, int rank, int worldSize, HostPort endpoint) {
    var unknown = new RemoteWorker(client, rank, endpoint, false);
    return unknown
        .named(client.get(endpoint, "/health", SHORT))
        .thenApply(
            reply -> {
              unknown.requireOk(reply);
              unknown.requireSelf(WireForm.PACKED.fields(reply.body()), worldSize);
              return new RemoteWorker(client, rank, endpoint, reply.isHawser());
            });
  }

  private void requireSelf(Map<String, Object> health, int worldSize) {
    if (!String.valueOf(rank).equals(String.valueOf(health.get("rank")))
        || !String.valueOf(worldSize).equals(String.valueOf(health.get("world_size")))) {
      throw failure(
          ErrorCode.REFUSED,
          "it is rank %s of %s, not %d of %d: do all have the same cluster file?"
              .formatted(health.get("rank"), health.get("world_size"), rank, worldSize),
          null);
    }
  }

  CompletableFuture<List<String>> exec(
      SentGraph graph, List<String> inputs, String job, Duration timeout) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("graph", graph.in(form));
    fields.put("inputs", inputs);
    fields.put("job_id", job);
    // mplang's workers would run it twice.
    CompletableFuture<List<String>> uris =
        post("/exec", fields, timeout, isHawser, reply -> uris(result(reply)));
    watch(uris);
    return uris;
  }

  private static List<String> uris(Object result) {
    return result == null ? List.of() : ExecRequest.uris(result);
  }

  /** A job may take long, but its worker always answers how it is: one that hangs is found out. */
  private void watch(CompletableFuture<?> answer) {
    CompletableFuture.delayedExecutor(LOOK.toSeconds(), TimeUnit.SECONDS)
        .execute(
            () -> {
              if (!answer.isDone()) {
                named(client.get(endpoint, "/health", SHORT))
                    .thenAccept(this::requireOk)
                    .whenComplete((_, thrown) -> goOn(answer, thrown));
              }
            });
  }

  private void goOn(CompletableFuture<?> answer, Throwable thrown) {
    if (thrown == null) {
      watch(answer);
    } else {
      answer.completeExceptionally(Failures.of(thrown));
    }
  }

  CompletableFuture<Object> fetch(String uri, Duration timeout) {
    return post("/fetch", Map.of("uri", uri), timeout, true, this::result);
  }

  /** Does nothing where mplang's workers cannot. */
  void cancel(String job, HawserException reason) {
    if (isHawser) {
      Map<String, Object> fields =
          Map.of("job_id", job, "reason", String.valueOf(reason.getMessage()));
      tell("/cancel", fields);
    }
  }

  /** Does nothing where mplang's workers cannot. */
  void release(List<String> uris) {
    if (isHawser) {
      tell("/release", Map.of("uris", uris));
    }
  }

  private void tell(String path, Map<String, Object> fields) {
    CompletableFuture<?> answer = post(path, fields, SHORT, true, HttpReply::status);
    told.add(answer);
    answer.whenComplete((_, _) -> told.remove(answer));
  }

  /** Completes, well in any case, when it has heard all that it was told so far. */
  CompletableFuture<Void> heard() {
    return CompletableFuture.allOf(told.toArray(CompletableFuture<?>[]::new))
        .exceptionally(_ -> null);
  }

  /**
   * @param read what an answer says that tells of no failure, while its body is there
   */
  private <T> CompletableFuture<T> post(
      String path,
      Map<String, Object> fields,
      Duration timeout,
      boolean isRepeatable,
      Function<HttpReply, T> read) {
    var headers = Map.of("Accept", form.mediaType(), WorkerRoutes.ONCE, "1");
    var body = form.body(fields, Arena.ofAuto());
    return named(
        client.send(
            endpoint,
            new HttpClient.Request(
                "POST", path, headers, form.mediaType(), body, timeout, isRepeatable),
            reply -> {
              requireOk(reply);
              return read.apply(reply);
            }));
  }

  private Object result(HttpReply reply) {
    return form.value(form.fields(reply.body()).get("result"));
  }

  private void requireOk(HttpReply reply) {
    if (reply.status() != OK) {
      throw refusal(reply);
    }
  }

  /** Failures name this worker. */
  private <T> CompletableFuture<T> named(CompletableFuture<T> answer) {
    return answer.exceptionally(
        thrown -> {
          HawserException cause = Failures.of(thrown);
          throw cause.rank() == rank ? cause : failure(cause.code(), cause.getMessage(), cause);
        });
  }

  private HawserException refusal(HttpReply answer) {
    Map<String, Object> fields = new HashMap<>();
    try {
      fields = WireForm.PACKED.fields(answer.body());
    } catch (HawserException e) {
      // Not a worker's answer; its status tells enough.
    }
    String detail = String.valueOf(fields.getOrDefault("detail", "it says no more"));
    return failure(
        Failures.code(String.valueOf(fields.get(Failures.CODE))),
        "%s (status %d)".formatted(detail, answer.status()),
        null);
  }

  private HawserException failure(ErrorCode code, String why, Throwable cause) {
    return new HawserException(
        code, "rank %d at %s: %s".formatted(rank, endpoint, why), cause, rank, -1, "", 0);
  }
}
