package org.hawser.simp;

import static org.hawser.simp.Programs.call;
import static org.hawser.simp.Programs.graph;
import static org.hawser.simp.Programs.op;
import static org.hawser.simp.Programs.ranks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.hawser.http.HttpOptions;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.serde.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a worker answers to whoever speaks HTTP: mplang's drivers, and people with curl. */
@Timeout(120)
class WorkerRoutesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Graph RANKS = graph(0, (b, _) -> List.of(ranks(b)));
  private static final Graph NOTHING = graph(0, (_, _) -> List.of());
  private static final Graph WAITS = graph(0, (b, _) -> List.of(op(b, "test.wait")));
  private static final Graph FAILS = graph(0, (b, _) -> List.of(call(b, "unheard")));

  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch waits = new CountDownLatch(1);
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpWorkers workers;

  private void open(HttpOptions http, WorkerOptions options) {
    OpRegistry registry = Programs.registry().register("test.wait", (_, _, _) -> await());
    workers = new HttpWorkers(http, 2, registry, options);
  }

  private void open() {
    open(HttpOptions.DEFAULT, WorkerOptions.DEFAULT.withStopTimeout(Duration.ZERO));
  }

  private Object[] await() {
    waits.countDown();
    try {
      assertTrue(goOn.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return new Object[] {1L};
  }

  @AfterEach
  void close() {
    goOn.countDown();
    client.close();
    if (workers != null) {
      workers.close();
    }
  }

  private record Answer(int status, JsonNode body) {
    String detail() {
      return body.path("detail").asText();
    }

    Object value() {
      return Serde.loadsB64(body.get("result").asText());
    }
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + workers.endpoints().get(1) + path))
        .timeout(LIMIT);
  }

  private HttpResponse<String> send(HttpRequest request) {
    return client.sendAsync(request, BodyHandlers.ofString()).join();
  }

  private Answer asked(HttpRequest request) {
    HttpResponse<String> response = send(request);
    try {
      return new Answer(response.statusCode(), JSON.readTree(response.body()));
    } catch (IOException e) {
      throw new AssertionError(response.body(), e);
    }
  }

  private Answer get(String path) {
    return asked(to(path).build());
  }

  private Answer post(String path, String body) {
    return asked(
        to(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static ObjectNode request(Graph graph, Object... inputs) {
    return JSON.createObjectNode()
        .put("graph", Serde.dumpsB64(graph))
        .put("inputs", Serde.dumpsB64(Arrays.asList(inputs)));
  }

  private static ObjectNode request(String job, Graph graph) {
    return request(graph).put("job_id", job);
  }

  private Answer exec(ObjectNode request) {
    return post("/exec", request.toString());
  }

  private static CompletableFuture<Answer> later(Supplier<Answer> asking) {
    return CompletableFuture.supplyAsync(asking, Thread::startVirtualThread);
  }

  private void until(BooleanSupplier holds) throws InterruptedException {
    for (int i = 0; i < LIMIT.toMillis() / 20 && !holds.getAsBoolean(); i++) {
      Thread.sleep(20);
    }
    assertTrue(holds.getAsBoolean());
  }

  @Test
  void healthSaysWhoItIs() throws Exception {
    open();
    Answer health = get("/health");
    assertEquals(200, health.status());
    assertEquals(
        JSON.readTree("{\"status\":\"ok\",\"rank\":\"1\",\"world_size\":\"2\"}"), health.body());
    assertEquals(new Answer(200, JSON.readTree("{\"ready\":true}")), get("/ready"));
  }

  @Test
  void jobsWithoutNamesRunAsMplangSendsThem() {
    open();
    Answer done = exec(request(RANKS));
    assertEquals(200, done.status(), done::toString);
    assertEquals(List.of("result"), names(done.body()));
    List<?> uris = (List<?>) done.value();
    assertEquals(1, uris.size());
    String uri = (String) uris.getFirst();
    assertTrue(uri.matches("mem://[0-9a-f]{32}"), uri);
    assertTrue(get("/objects").body().get("objects").toString().contains(uri));

    Answer fetched = post("/fetch", "{\"uri\":\"%s\"}".formatted(uri));
    assertEquals(200, fetched.status());
    assertEquals(1L, fetched.value());

    Graph same = graph(2, (_, in) -> in);
    List<?> again = (List<?>) exec(request(same, uri, null)).value();
    assertNull(again.get(1));
    assertEquals(200, exec(request(NOTHING)).status());
    assertNull(exec(request(NOTHING)).value());

    assertEquals(200, post("/release", "{\"uris\":[\"%s\"]}".formatted(uri)).status());
    assertEquals(500, post("/fetch", "{\"uri\":\"%s\"}".formatted(uri)).status());
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          /exec          | {                                    | 422 |
          /exec          | []                                   | 422 |
          /exec          | null                                 | 422 |
          /exec          | {"graph": "x"}                       | 422 | 'inputs'
          /exec          | {"inputs": "x"}                      | 422 | 'graph'
          /exec          | {"graph": 5, "inputs": "x"}          | 422 | 'graph'
          /exec          | {"graph": "x", "inputs": "x"}        | 500 |
          /exec/async    | {"graph": "x", "inputs": "x"}        | 400 | job_id
          /exec/async    | {"graph": "x", "inputs": "x", "job_id": "j"} | 400 |
          /fetch         | {}                                   | 422 | 'uri'
          /fetch         | {"uri": "mem://00"}                  | 500 | mem://00
          /fetch         | {"uri": "nonsense"}                  | 500 | nonsense
          /fetch         | {"uri": "file:///etc/passwd"}        | 500 | file:///etc/passwd
          /release       | {"uris": 5}                          | 422 |
          /cancel        | {"job_id": "j"}                      | 422 | 'reason'
          /health        | {}                                   | 405 |
          /nothing/there | {}                                   | 404 |
          """)
  void whatIsWrongIsToldAndTheWorkerLivesOn(String path, String body, int status, String expected) {
    open();
    Answer answer = post(path, body);
    assertEquals(status, answer.status(), answer::toString);
    assertTrue(answer.body().get("detail").isTextual(), answer::toString);
    if (expected != null) {
      assertTrue(answer.detail().contains(expected.replace("'", "")), answer::toString);
    }
    assertEquals(200, exec(request(RANKS)).status());
  }

  @Test
  void graphsThatAreNoneAndInputsThatDoNotMatchAreRefused() {
    open();
    Answer list = exec(request(RANKS).put("graph", Serde.dumpsB64(List.of())));
    assertEquals(500, list.status());
    assertTrue(list.detail().contains("mplang.Graph"), list::toString);
    Answer inputs = exec(request(RANKS, "mem://00"));
    assertEquals(500, inputs.status());
    assertTrue(inputs.detail().contains("1 inputs"), inputs::toString);
    Answer name = exec(request("a/b", RANKS));
    assertEquals(500, name.status());
    assertTrue(name.detail().contains("job_id"), name::toString);
    Answer failed = exec(request(FAILS));
    assertEquals(500, failed.status());
    assertTrue(failed.detail().contains("unheard"), failed::toString);
    assertEquals("UNSUPPORTED", failed.body().get("code").asText());
  }

  @Test
  void bodiesThatAreTooLongAreRefused() {
    open(HttpOptions.DEFAULT.withMaxBodyBytes(1000), WorkerOptions.DEFAULT);
    HttpResponse<String> refused =
        send(
            to("/fetch")
                .POST(BodyPublishers.ofString("{\"uri\":\"%s\"}".formatted("x".repeat(2000))))
                .build());
    assertEquals(413, refused.statusCode());
    assertEquals(200, get("/health").status());
  }

  @Test
  void jobsThatNobodyWaitsForTellHowTheyAre() throws Exception {
    open();
    assertEquals(404, get("/exec/later/status").status());
    Answer taken = post("/exec/async", request("later", WAITS).toString());
    assertEquals(200, taken.status(), taken::toString);
    assertEquals(JSON.readTree("{\"exec_id\":\"later\"}"), taken.body());
    assertTrue(waits.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals("RUNNING", get("/exec/later/status").body().get("status").asText());
    assertEquals(409, post("/exec/async", request("other", RANKS).toString()).status());
    assertEquals(409, exec(request("later", RANKS)).status());
    // Somebody else's job does not wait for it.
    assertEquals(200, exec(request("quick", RANKS)).status());
    goOn.countDown();
    until(() -> get("/exec/later/status").body().get("status").asText().equals("SUCCESS"));
    Answer done = get("/exec/later/status");
    assertEquals(1, ((List<?>) done.value()).size());
    assertEquals("later", done.body().get("exec_id").asText());

    assertEquals(200, post("/exec/async", request("bad", FAILS).toString()).status());
    until(() -> get("/exec/bad/status").body().get("status").asText().equals("FAILED"));
    assertTrue(get("/exec/bad/status").body().get("error").asText().contains("unheard"));
  }

  @Test
  void jobsWaitForTheirTurnAndTooManyAreRefused() throws Exception {
    open(
        HttpOptions.DEFAULT,
        WorkerOptions.DEFAULT.withJobs(1, 1).withStopTimeout(Duration.ofSeconds(30)));
    List<CompletableFuture<Answer>> jobs = new ArrayList<>();
    jobs.add(later(() -> exec(request("first", WAITS))));
    assertTrue(waits.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    jobs.add(later(() -> exec(request("second", RANKS))));
    until(() -> get("/exec/second/status").status() == 200);
    assertEquals("PENDING", get("/exec/second/status").body().get("status").asText());
    Answer refused = exec(request("third", RANKS));
    assertEquals(503, refused.status(), refused::toString);
    assertTrue(refused.detail().contains("third"), refused::toString);
    assertEquals(503, get("/ready").status());
    goOn.countDown();
    for (CompletableFuture<Answer> job : jobs) {
      assertEquals(200, job.get(LIMIT.toSeconds(), TimeUnit.SECONDS).status());
    }
    assertEquals(200, get("/ready").status());
  }

  @Test
  void aCancelledJobEndsAndOthersDoNotNotice() throws Exception {
    open();
    Graph receives = graph(0, (b, _) -> List.of(Programs.shuffle(b, Map.of(1L, 0L), ranks(b))));
    var job = later(() -> exec(request("hangs", receives)));
    until(() -> get("/exec/hangs/status").body().path("status").asText().equals("RUNNING"));
    assertEquals(200, exec(request("other", RANKS)).status());
    assertEquals(
        200, post("/cancel", "{\"job_id\":\"hangs\",\"reason\":\"rank 0 fell\"}").status());
    Answer ended = job.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertEquals(500, ended.status());
    assertTrue(ended.detail().contains("rank 0 fell"), ended::toString);
    assertEquals("CANCELLED", ended.body().get("code").asText());
  }

  @Test
  void metricsCountWhatHappened() {
    open();
    exec(request("good", RANKS));
    exec(request("bad", FAILS));
    HttpResponse<String> metrics = send(to("/metrics").build());
    assertEquals(200, metrics.statusCode());
    assertTrue(metrics.headers().firstValue("content-type").orElse("").startsWith("text/plain"));
    for (String line :
        List.of(
            "hawser_jobs_total{status=\"success\"} 1.0",
            "hawser_jobs_total{status=\"failed\"} 1.0",
            "hawser_job_seconds_count 2",
            "hawser_objects 1.0",
            "hawser_comm_messages_sent_total 0.0",
            "hawser_comm_bytes_received_total 0.0",
            "hawser_comm_mailbox_bytes 0.0",
            "hawser_jobs_running 0.0")) {
      assertTrue(metrics.body().contains("\n" + line + "\n"), line + " in " + metrics.body());
    }
    assertTrue(metrics.body().contains("\nhawser_threads "), metrics.body());
  }

  @Test
  void aWorkerThatStopsLetsItsJobsEnd() throws Exception {
    open(HttpOptions.DEFAULT, WorkerOptions.DEFAULT);
    var running = later(() -> exec(request("last", WAITS)));
    assertTrue(waits.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    var stopping = CompletableFuture.runAsync(workers.rank(1)::close, Thread::startVirtualThread);
    until(() -> get("/ready").status() == 503);
    assertEquals(503, exec(request("late", RANKS)).status());
    assertFalse(stopping.isDone());
    goOn.countDown();
    assertEquals(200, running.get(LIMIT.toSeconds(), TimeUnit.SECONDS).status());
    stopping.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
