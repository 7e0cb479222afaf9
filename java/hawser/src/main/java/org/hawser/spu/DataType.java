package org.hawser.spu;

/** The element types of libspu, in its order: {@code DT_I1} is {@link #I1}. */
public enum DataType {
  /** A truth value, one byte an element: 0 or 1. */
  I1(1, "i1"),
  I8(1, "i8"),
  U8(1, "ui8"),
  I16(2, "i16"),
  U16(2, "ui16"),
  I32(4, "i32"),
  U32(4, "ui32"),
  I64(8, "i64"),
  U64(8, "ui64"),
  F16(2, "f16"),
  F32(4, "f32"),
  F64(8, "f64");

  private final int bytes;
  private final String mlir;

  DataType(int bytes, String mlir) {
    this.bytes = bytes;
    this.mlir = mlir;
  }

  /** The number that libspu has for it. */
  public int number() {
    return ordinal() + 1;
  }

  /** Bytes an element. */
  public int bytes() {
    return bytes;
  }

  /** Its name in StableHLO. */
  public String mlir() {
    return mlir;
  }

  /** Whether it is computed in fixed point under SPU. */
  public boolean isFloating() {
    return this == F16 || this == F32 || this == F64;
  }

  public boolean isUnsigned() {
    return mlir.startsWith("ui");
  }
}
