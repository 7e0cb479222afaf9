package org.hawser.cli.common;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;
import org.hawser.mem.Buffer;

/**
 * The talk of two commands over a link of theirs: JSON objects under a tag that is kept free for
 * it. One thread at a time.
 */
public final class Control implements AutoCloseable {
  /** The tag of all control messages; payload goes under other tags. */
  private static final long TAG = 0x6861_7773_6572_2121L;

  private static final int LONGEST = 64 << 10;

  private final Link link;
  private final Buffer outgoing = Buffer.allocate(LONGEST);
  private final Buffer incoming = Buffer.allocate(LONGEST);
  private Transfer next;

  public Control(Link link) {
    this.link = link;
    this.next = link.receive(incoming.segment(), TAG);
  }

  /** Sends an object, and waits until the peer has it. */
  public void send(Object value, Duration timeout) {
    byte[] json = Json.write(value).getBytes(StandardCharsets.UTF_8);
    MemorySegment message = outgoing.segment().asSlice(0, json.length);
    MemorySegment.copy(json, 0, message, JAVA_BYTE, 0, json.length);
    link.send(message, TAG).await(timeout);
  }

  /** Waits for the peer's next object. */
  public <T> T receive(Class<T> type, Duration timeout) {
    long length = next.await(timeout);
    byte[] json = incoming.segment().asSlice(0, length).toArray(JAVA_BYTE);
    next = link.receive(incoming.segment(), TAG);
    return Json.read(json, type);
  }

  /** As {@link #receive}; empty when the peer has closed the link instead. */
  public <T> Optional<T> receiveUnlessClosed(Class<T> type, Duration timeout) {
    try {
      return Optional.of(receive(type, timeout));
    } catch (HawserException e) {
      if (e.code() == ErrorCode.CLOSED) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Whether {@link #receive} would not wait. */
  public boolean hasMessage() {
    return next.isDone();
  }

  @Override
  public void close() {
    outgoing.close();
    incoming.close();
  }
}
