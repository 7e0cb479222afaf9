package org.hawser.spu;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What a share is of. Libspu tells it as a protocol buffers message, {@code ValueMeta}, of which
 * this reads the fields it knows.
 *
 * @param storage libspu's name of how it is kept, such as {@code aby3.AShr<FM64>}
 */
record ShareMeta(DataType type, long[] shape, Visibility visibility, String storage) {
  private static final int DATA_TYPE = 1;
  private static final int VISIBILITY = 3;
  private static final int SHAPE = 4;
  private static final int STORAGE_TYPE = 5;
  private static final int VARINT = 0;
  private static final int BYTES = 2;
  private static final int VARINT_BITS = 7;

  /**
   * @throws HawserException (INVALID_ARGUMENT) when the bytes are no such message
   */
  static ShareMeta read(byte[] message) {
    try {
      return read(ByteBuffer.wrap(message));
    } catch (BufferUnderflowException | IllegalArgumentException | ArithmeticException e) {
      throw malformed(e);
    }
  }

  private static ShareMeta read(ByteBuffer in) {
    DataType type = null;
    Visibility visibility = null;
    long[] shape = {};
    String storage = "";
    while (in.hasRemaining()) {
      long tag = varint(in);
      int wire = (int) (tag & 7);
      long number = wire == VARINT ? varint(in) : 0;
      ByteBuffer bytes = wire == BYTES ? slice(in) : null;
      switch ((int) (tag >>> 3)) {
        case DATA_TYPE -> type = constant(DataType.values(), number);
        case VISIBILITY -> visibility = constant(Visibility.values(), number);
        case SHAPE -> shape = dimensions(bytes);
        case STORAGE_TYPE -> storage = StandardCharsets.UTF_8.decode(bytes).toString();
        default -> require(wire == VARINT || wire == BYTES);
      }
    }
    require(type != null && visibility != null);
    Shape.elements(shape);
    return new ShareMeta(type, shape, visibility, storage);
  }

  /** The message {@code Shape}, whose only field is its dimensions, packed. */
  private static long[] dimensions(ByteBuffer in) {
    if (!in.hasRemaining()) {
      return new long[0];
    }
    require(varint(in) == (1 << 3 | BYTES));
    ByteBuffer packed = slice(in);
    var dimensions = new long[packed.remaining()];
    int rank = 0;
    while (packed.hasRemaining()) {
      dimensions[rank++] = varint(packed);
    }
    return Arrays.copyOf(dimensions, rank);
  }

  private static <T> T constant(T[] constants, long number) {
    require(number >= 1 && number <= constants.length);
    return constants[(int) number - 1];
  }

  private static ByteBuffer slice(ByteBuffer in) {
    int length = Math.toIntExact(varint(in));
    ByteBuffer slice = in.slice(in.position(), Math.min(length, in.remaining()));
    require(slice.remaining() == length);
    in.position(in.position() + length);
    return slice;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += VARINT_BITS) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than 64 bits");
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException("a field is missing, unknown or out of range");
    }
  }

  private static HawserException malformed(Exception cause) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "this is no share: its description is malformed", cause);
  }
}
