package org.hawser.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a node answered.
 *
 * @param body of the heap's or not; the receiver's for as long as it is reachable
 */
public record HttpReply(int status, HttpHeaders headers, MemorySegment body) {
  /** A header's value; its name is compared without regard to case. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /** Whether a Hawser node has answered. */
  public boolean isHawser() {
    return headers.contains(Wire.HAWSER);
  }

  /** The body as text. */
  public String text() {
    return new String(body.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
