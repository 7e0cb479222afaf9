package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.serde.Serde;

/** Turns what peers send into what the receiver of a key expects. */
final class Payloads {
  /** The serde format of values. */
  static final String CONTAINER = "binary-container";

  private static final byte[] BYTES_META =
      "{\"_kind\":\"_bytes_bref\",\"bref\":0}".getBytes(StandardCharsets.US_ASCII);

  private Payloads() {}

  /**
   * The same container, which can be read.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it cannot; it is released then
   */
  static ByteBuf checked(ByteBuf container) {
    try {
      Serde.loadsBinary(Wire.view(container));
      return container;
    } catch (HawserException e) {
      container.release();
      throw e;
    }
  }

  /** The container of a value that is bytes; releases them. */
  static ByteBuf containerOf(ByteBuf bytes) {
    int length = bytes.readableBytes();
    ByteBuf out =
        PooledByteBufAllocator.DEFAULT.directBuffer(2 * Integer.BYTES + BYTES_META.length + length);
    out.writeIntLE(BYTES_META.length).writeBytes(BYTES_META).writeIntLE(length).writeBytes(bytes);
    bytes.release();
    return out;
  }

  /**
   * What an older worker's message says.
   *
   * @param asContainer whether the receiver expects one
   */
  static ByteBuf of(LegacyMessage message, boolean asContainer) {
    if (message.isRawBytes()) {
      ByteBuf bytes = copied(decode(message.data()));
      return asContainer ? containerOf(bytes) : bytes;
    }
    try (Arena arena = Arena.ofConfined()) {
      return copied(Wire.wrap(Serde.dumpsBinary(Serde.loadsB64(message.data()), arena)));
    }
  }

  private static ByteBuf decode(String base64) {
    try {
      return Unpooled.wrappedBuffer(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException e) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, "field 'data' is no base64", e);
    }
  }

  /** A copy that outlives its source, outside the heap. */
  private static ByteBuf copied(ByteBuf source) {
    return PooledByteBufAllocator.DEFAULT
        .directBuffer(Math.max(1, source.readableBytes()))
        .writeBytes(source);
  }
}
