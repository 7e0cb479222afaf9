package org.hawser.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * What a handler answers.
 *
 * @param mediaType of the body
 * @param body of the heap or not; read until it has been sent, which may be after the handler has
 *     returned, and kept reachable until then
 * @param sent run, by any thread, when nobody reads the body any more
 */
public record HttpAnswer(int status, String mediaType, MemorySegment body, Runnable sent) {
  private static final Runnable NOTHING = () -> {};

  /** An answer whose body needs no care. */
  public HttpAnswer(int status, String mediaType, MemorySegment body) {
    this(status, mediaType, body, NOTHING);
  }

  /** An answer of JSON. */
  public static HttpAnswer json(int status, JsonNode body) {
    return new HttpAnswer(status, MediaTypes.JSON, utf8(body.toString()));
  }

  /** An answer of text. */
  public static HttpAnswer text(int status, String mediaType, String body) {
    return new HttpAnswer(status, mediaType, utf8(body));
  }

  /** An answer of bytes. */
  public static HttpAnswer binary(int status, MemorySegment body) {
    return new HttpAnswer(status, MediaTypes.BINARY, body);
  }

  /** {@code {"detail": "..."}}, as mplang's workers say what is wrong. */
  public static HttpAnswer error(int status, String detail) {
    return json(status, JsonNodeFactory.instance.objectNode().put("detail", detail));
  }

  private static MemorySegment utf8(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  byte[] bytes() {
    return body.toArray(ValueLayout.JAVA_BYTE);
  }
}
