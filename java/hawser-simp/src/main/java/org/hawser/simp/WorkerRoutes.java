package org.hawser.simp;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.http.HttpAnswer;
import org.hawser.http.HttpAsk;
import org.hawser.http.HttpNode;

/**
 * The endpoints of an HTTP worker but for messages: mplang's, as its drivers know them, and what
 * Hawser's drivers and the people who run it use besides. Called by many threads at once, which may
 * block.
 */
final class WorkerRoutes {
  /**
   * A header of requests whose job's name stands for one run: when such a request comes again, as
   * after a lost connection, it is answered with what became of the first.
   */
  static final String ONCE = "X-Hawser-Once";

  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int UNPROCESSABLE = 422;
  private static final int FAILED = 500;
  private static final int UNAVAILABLE = 503;

  private static final String JOB = "job_id";
  private static final String RESULT = "result";

  private final WorkerService service;
  private WorkerJob lastAsync;

  WorkerRoutes(WorkerService service) {
    this.service = service;
  }

  void register(HttpNode node) {
    node.route("GET", "/health", _ -> HttpAnswer.json(OK, health()));
    node.route("GET", "/ready", _ -> ready());
    node.route("GET", "/metrics", _ -> metrics());
    node.route("GET", "/objects", _ -> objects());
    node.route("GET", "/exec/{id}/status", this::status);
    node.route("POST", "/exec", ask -> withFields(ask, this::exec, "graph", "inputs"));
    node.route("POST", "/exec/async", ask -> withFields(ask, this::async, "graph", "inputs"));
    node.route("POST", "/fetch", ask -> withFields(ask, this::fetch, "uri"));
    node.route("POST", "/release", ask -> withFields(ask, this::release, "uris"));
    node.route("POST", "/cancel", ask -> withFields(ask, this::cancel, JOB, "reason"));
  }

  /** One request's fields, and the form in which they came. */
  private record Fields(HttpAsk ask, WireForm form, Map<String, Object> all) {
    Object field(String name) {
      return all.get(name);
    }

    /**
     * @throws HawserException (INVALID_ARGUMENT) when the fields are no request
     */
    ExecRequest request() {
      return ExecRequest.of(
          form.readGraph(field("graph")), form.value(field("inputs")), field(JOB));
    }

    /** In the form that the asker accepts. */
    HttpAnswer answer(Map<String, Object> fields) {
      WireForm accepted = accepted();
      return new HttpAnswer(OK, accepted.mediaType(), accepted.body(fields, Arena.ofAuto()));
    }

    /**
     * As {@link #answer}, in memory that goes back at once: the kernel is slow with fresh pages.
     */
    HttpAnswer longAnswer(Map<String, Object> fields) {
      WireForm accepted = accepted();
      Arena arena = Arena.ofShared();
      try {
        MemorySegment body = accepted.body(fields, arena);
        return new HttpAnswer(OK, accepted.mediaType(), body, arena::close);
      } catch (RuntimeException | Error e) {
        arena.close();
        throw e;
      }
    }

    private WireForm accepted() {
      return WireForm.of(ask.header("accept").orElse(""));
    }
  }

  private static HttpAnswer withFields(
      HttpAsk ask, Function<Fields, HttpAnswer> handler, String... required) {
    Fields fields;
    try {
      WireForm form = WireForm.of(ask.mediaType());
      fields = new Fields(ask, form, form.fields(ask.body()));
      for (String name : required) {
        if (!form.holds(name, fields.field(name))) {
          throw new HawserException(
              ErrorCode.INVALID_ARGUMENT,
              "the body lacks the field '%s', or has something else there".formatted(name));
        }
      }
    } catch (HawserException e) {
      return error(UNPROCESSABLE, e);
    }
    return handler.apply(fields);
  }

  /** As mplang has it, with a code that Hawser's drivers read. */
  private static HttpAnswer error(int status, Throwable thrown) {
    HawserException failure = Failures.of(thrown);
    return HttpAnswer.json(
        status,
        object().put("detail", failure.getMessage()).put(Failures.CODE, failure.code().name()));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  // ----------------------------------------------------------------------------------------------
  // jobs

  private HttpAnswer exec(Fields fields) {
    ExecRequest request;
    try {
      request = fields.request();
    } catch (HawserException e) {
      return error(FAILED, e);
    }
    WorkerJob job;
    try {
      boolean once = fields.ask.header(ONCE).isPresent();
      job = once ? service.submitOnce(request) : service.submit(request);
    } catch (HawserException e) {
      return refused(e);
    }
    try {
      return fields.answer(result(job));
    } catch (CompletionException | HawserException e) {
      return error(FAILED, e);
    }
  }

  /** Waits for it. A graph without outputs has null for a result, as mplang has it. */
  private static Map<String, Object> result(WorkerJob job) {
    List<String> uris = job.result().join();
    Map<String, Object> fields = new HashMap<>();
    fields.put(RESULT, uris.isEmpty() ? null : uris);
    return fields;
  }

  private static HttpAnswer refused(HawserException reason) {
    boolean later = reason.code() == ErrorCode.REFUSED || reason.code() == ErrorCode.CLOSED;
    return error(later ? UNAVAILABLE : CONFLICT, reason);
  }

  private HttpAnswer async(Fields fields) {
    if (fields.field(JOB) == null) {
      return HttpAnswer.error(BAD_REQUEST, "a job that nobody waits for needs a 'job_id'");
    }
    ExecRequest request;
    try {
      request = fields.request();
    } catch (HawserException e) {
      return error(BAD_REQUEST, e);
    }
    synchronized (this) {
      if (lastAsync != null && !lastAsync.hasEnded()) {
        return HttpAnswer.error(
            CONFLICT, "job %s runs, which nobody waits for either".formatted(lastAsync.id()));
      }
      try {
        lastAsync = service.submit(request);
      } catch (HawserException e) {
        return refused(e);
      }
    }
    return HttpAnswer.json(OK, object().put("exec_id", request.job()));
  }

  private HttpAnswer status(HttpAsk ask) {
    String id = ask.parameter("id");
    return service
        .job(id)
        .map(job -> HttpAnswer.json(OK, status(job)))
        .orElseGet(() -> HttpAnswer.error(NOT_FOUND, "there is no job %s".formatted(id)));
  }

  private static ObjectNode status(WorkerJob job) {
    WorkerJob.Status status = job.status();
    ObjectNode answer = object().put("exec_id", job.id()).put("status", status.name());
    switch (status) {
      case SUCCESS -> answer.setAll(WireForm.packed(result(job)));
      case FAILED -> answer.put("error", Failures.of(job.result().exceptionNow()).getMessage());
      case PENDING, RUNNING -> {}
    }
    return answer;
  }

  private HttpAnswer cancel(Fields fields) {
    service.cancel(
        String.valueOf(fields.field(JOB)),
        new HawserException(ErrorCode.CANCELLED, String.valueOf(fields.field("reason"))));
    return done();
  }

  private static HttpAnswer done() {
    return HttpAnswer.json(OK, object().put("status", "ok"));
  }

  // ----------------------------------------------------------------------------------------------
  // objects

  private HttpAnswer fetch(Fields fields) {
    try {
      Map<String, Object> result = new HashMap<>();
      result.put(RESULT, service.fetch(String.valueOf(fields.field("uri"))));
      return fields.longAnswer(result);
    } catch (HawserException e) {
      return error(FAILED, e);
    }
  }

  private HttpAnswer release(Fields fields) {
    try {
      service.release(ExecRequest.uris(fields.field("uris")));
      return done();
    } catch (HawserException e) {
      return error(UNPROCESSABLE, e);
    }
  }

  private HttpAnswer objects() {
    ObjectNode answer = object();
    service.objects().forEach(answer.putArray("objects")::add);
    return HttpAnswer.json(OK, answer);
  }

  // ----------------------------------------------------------------------------------------------
  // for those who run it

  /** Numbers are texts, as mplang has it. */
  private ObjectNode health() {
    return object()
        .put("status", "ok")
        .put("rank", String.valueOf(service.rank()))
        .put("world_size", String.valueOf(service.worldSize()));
  }

  private HttpAnswer ready() {
    return service
        .unready()
        .map(why -> HttpAnswer.json(UNAVAILABLE, object().put("ready", false).put("detail", why)))
        .orElseGet(() -> HttpAnswer.json(OK, object().put("ready", true)));
  }

  private HttpAnswer metrics() {
    return new HttpAnswer(
        OK, service.metrics().contentType(), MemorySegment.ofArray(service.metrics().text()));
  }
}
