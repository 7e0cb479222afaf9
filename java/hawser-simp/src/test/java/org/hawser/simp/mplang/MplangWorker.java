package org.hawser.simp.mplang;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** A worker of the real mplang, as a process of its own on this machine's loopback. */
final class MplangWorker implements AutoCloseable {
  /** Its imports take seconds, and many of them where others work too. */
  private static final Duration START = Duration.ofSeconds(120);

  private final MplangProcess process;
  private final String endpoint;

  private MplangWorker(MplangProcess process, String endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** Starts the worker of a rank. It has a port from now on, and serves after {@link #serve}. */
  static MplangWorker open(int rank) {
    List<String> arguments = List.of(MplangProcess.script("worker"), Integer.toString(rank));
    MplangProcess process = MplangProcess.start(arguments);
    try {
      return new MplangWorker(process, "http://127.0.0.1:" + process.line(START));
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  /** Where it is reached, with its scheme. */
  String endpoint() {
    return endpoint;
  }

  /** Tells the endpoints of all, in the order of their ranks, and waits until it answers. */
  void serve(List<String> endpoints) {
    process.tell(String.join(" ", endpoints));
    try {
      awaitHealth(endpoint);
    } catch (AssertionError e) {
      throw new AssertionError(process.errors(), e);
    }
  }

  /** Waits until whoever listens there answers as a worker that is well. */
  static void awaitHealth(String endpoint) {
    // The port of one that starts takes connections already: the answer comes when it serves.
    try {
      var health = (HttpURLConnection) URI.create(endpoint + "/health").toURL().openConnection();
      health.setReadTimeout((int) START.toMillis());
      assertEquals(HttpURLConnection.HTTP_OK, health.getResponseCode());
    } catch (IOException e) {
      throw new AssertionError("no worker serves at " + endpoint, e);
    }
  }

  /** What it has logged. */
  String log() {
    return process.errors();
  }

  /** Ends it without a word to anyone, as a crash does. */
  @Override
  public void close() {
    process.close();
  }
}
