package org.hawser.spu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Single elements in memory, of any type, in the machine's byte order and at any address. */
final class Elements {
  private static final double TWO_TO_64 = 0x1p64;

  private Elements() {}

  /** As a double; 64-bit integers that no double holds are rounded. */
  static double getDouble(DataType type, MemorySegment data, long index) {
    return switch (type) {
      case F16 -> Float.float16ToFloat(getShort(data, index));
      case F32 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES);
      case F64 -> data.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * Double.BYTES);
      case U64 -> {
        long bits = getLong(type, data, index);
        yield bits < 0 ? bits + TWO_TO_64 : bits;
      }
      default -> getLong(type, data, index);
    };
  }

  /** As a long: floating-point numbers are cut off, {@link DataType#U64} gives its bits. */
  static long getLong(DataType type, MemorySegment data, long index) {
    return switch (type) {
      case I1, I8 -> data.get(ValueLayout.JAVA_BYTE, index);
      case U8 -> data.get(ValueLayout.JAVA_BYTE, index) & 0xffL;
      case I16 -> getShort(data, index);
      case U16 -> getShort(data, index) & 0xffffL;
      case I32 -> getInt(data, index);
      case U32 -> getInt(data, index) & 0xffff_ffffL;
      case I64, U64 -> data.get(ValueLayout.JAVA_LONG_UNALIGNED, index * Long.BYTES);
      case F16, F32, F64 -> (long) getDouble(type, data, index);
    };
  }

  /** Rounds, cuts off or narrows as Java's casts do. */
  static void putDouble(DataType type, MemorySegment data, long index, double value) {
    switch (type) {
      case F16 -> putShort(data, index, Float.floatToFloat16((float) value));
      case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES, (float) value);
      case F64 -> data.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * Double.BYTES, value);
      case I1 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
      default -> putLong(type, data, index, (long) value);
    }
  }

  /** Narrows as Java's casts do. */
  static void putLong(DataType type, MemorySegment data, long index, long value) {
    switch (type) {
      case I1 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
      case I8, U8 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) value);
      case I16, U16 -> putShort(data, index, (short) value);
      case I32, U32 -> data.set(ValueLayout.JAVA_INT_UNALIGNED, index * Integer.BYTES, (int) value);
      case I64, U64 -> data.set(ValueLayout.JAVA_LONG_UNALIGNED, index * Long.BYTES, value);
      case F16, F32, F64 -> putDouble(type, data, index, value);
    }
  }

  private static short getShort(MemorySegment data, long index) {
    return data.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * Short.BYTES);
  }

  private static int getInt(MemorySegment data, long index) {
    return data.get(ValueLayout.JAVA_INT_UNALIGNED, index * Integer.BYTES);
  }

  private static void putShort(MemorySegment data, long index, short value) {
    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, index * Short.BYTES, value);
  }
}
