package org.hawser.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.hawser.lane.HostPort;
import org.hawser.trust.Identity;

/** A socket on which a test writes what it likes. */
final class RawConnection implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 60_000;
  private static final String LENGTH = "content-length: ";

  // An SSLSocket would wait for the other's farewell when it is closed.
  private final Socket tcp;
  private final Socket socket;
  private final InputStream in;

  RawConnection(HostPort server) {
    this(connect(server), null);
  }

  /** One on which an identity shows itself. */
  static RawConnection secure(HostPort server, Identity identity) {
    return new RawConnection(connect(server), identity);
  }

  private RawConnection(Socket connected, Identity identity) {
    try {
      tcp = connected;
      socket =
          identity == null
              ? connected
              : identity.withPeers(Map.of()).client(connected, "127.0.0.1", -1);
      in = socket.getInputStream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Socket connect(HostPort server) {
    try {
      var socket = new Socket(server.host(), server.port());
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.setTcpNoDelay(true);
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What came back. */
  record Answer(int status, String head, String body) {}

  /** A PUT of a message, whole. */
  static String put(String key, String headers, String body) {
    return "PUT /comm/%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(key, headers, body.length(), body);
  }

  /** Writes text whose characters are bytes. */
  RawConnection write(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next answer. */
  Answer answer() {
    var head = new StringBuilder();
    while (!head.toString().endsWith("\r\n\r\n")) {
      head.append((char) read());
    }
    String lower = head.toString().toLowerCase(Locale.ROOT);
    int at = lower.indexOf(LENGTH) + LENGTH.length();
    int length = Integer.parseInt(lower.substring(at, lower.indexOf('\r', at)));
    var body = new ByteArrayOutputStream();
    for (int i = 0; i < length; i++) {
      body.write(read());
    }
    int status = Integer.parseInt(head.substring("HTTP/1.1 ".length()).substring(0, 3));
    return new Answer(status, head.toString(), body.toString(StandardCharsets.UTF_8));
  }

  Answer ask(String text) {
    return write(text).answer();
  }

  /** Reads so many characters. */
  void read(StringBuilder to, int count) {
    for (int i = 0; i < count; i++) {
      to.append((char) read());
    }
  }

  private int read() {
    int next = readOrEnd();
    if (next < 0) {
      throw new IllegalStateException("the server has closed the connection");
    }
    return next;
  }

  /** Waits for the end of the connection; whether nothing came before it. */
  boolean isClosedByServer() {
    return readOrEnd() < 0;
  }

  private int readOrEnd() {
    try {
      return in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      tcp.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
