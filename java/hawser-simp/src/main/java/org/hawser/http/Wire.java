package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** What goes over the wire in HTTP/1.1, put together by hand: heads differ in little. */
final class Wire {
  /** Says that a Hawser node speaks, in every request and every answer of one. */
  static final String HAWSER = "X-Hawser";

  /** The sender's epoch and the number of its message to this receiver, {@code hex:decimal}. */
  static final String SEQUENCE = "X-Hawser-Sequence";

  /** The sender's epoch, in hexadecimal digits. */
  static final String EPOCH = "X-Hawser-Epoch";

  static final String FROM_RANK = "X-From-Rank";
  static final String IS_RAW_BYTES = "X-Is-Raw-Bytes";
  static final String SERDE_FORMAT = "X-Serde-Format";

  private static final String HAWSER_SPEAKS = "\r\n" + HAWSER + ": 1\r\n";

  private Wire() {}

  /** The head of an answer, up to and with the empty line. */
  static ByteBuf answerHead(int status, String mediaType, long bodyBytes, boolean keepAlive) {
    // Not formatted: that would be a large part of what a short request costs.
    return ascii(
        "HTTP/1.1 "
            + status
            + ' '
            + HttpResponseStatus.valueOf(status).reasonPhrase()
            + "\r\nContent-Type: "
            + mediaType
            + "\r\nContent-Length: "
            + bodyBytes
            + (keepAlive ? HAWSER_SPEAKS : "\r\nConnection: close" + HAWSER_SPEAKS)
            + "\r\n");
  }

  /** The head of a request, without the length of its body and the empty line. */
  static String requestHead(String method, String path, String host, String mediaType) {
    return method
        + ' '
        + path
        + " HTTP/1.1\r\nHost: "
        + host
        + "\r\nContent-Type: "
        + mediaType
        + HAWSER_SPEAKS;
  }

  static ByteBuf ascii(String text) {
    return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** The very memory, without a copy; it must live until the buffer is released. */
  static ByteBuf wrap(MemorySegment segment) {
    return segment.byteSize() == 0
        ? Unpooled.EMPTY_BUFFER
        : Unpooled.wrappedBuffer(segment.asByteBuffer());
  }

  /** The readable bytes, as long as the buffer is not released. */
  static MemorySegment view(ByteBuf buffer) {
    return buffer.isReadable()
        ? MemorySegment.ofBuffer(buffer.nioBuffer())
        : MemorySegment.ofArray(new byte[0]);
  }

  /** A copy on the heap. */
  static byte[] bytes(ByteBuf buffer) {
    return ByteBufUtil.getBytes(buffer);
  }
}
