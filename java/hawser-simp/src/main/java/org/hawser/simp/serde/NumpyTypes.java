package org.hawser.simp.serde;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;

/** Numpy's names of the types that tensors have. */
public final class NumpyTypes {
  private static final Map<DataType, String> NAMES =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(DataType.I1, "bool"),
              Map.entry(DataType.I8, "int8"),
              Map.entry(DataType.U8, "uint8"),
              Map.entry(DataType.I16, "int16"),
              Map.entry(DataType.U16, "uint16"),
              Map.entry(DataType.I32, "int32"),
              Map.entry(DataType.U32, "uint32"),
              Map.entry(DataType.I64, "int64"),
              Map.entry(DataType.U64, "uint64"),
              Map.entry(DataType.F16, "float16"),
              Map.entry(DataType.F32, "float32"),
              Map.entry(DataType.F64, "float64")));
  private static final Map<String, DataType> TYPES =
      NAMES.keySet().stream()
          .collect(Collectors.toUnmodifiableMap(NAMES::get, Function.identity()));

  private NumpyTypes() {}

  /** Such as {@code float32}. */
  public static String name(DataType type) {
    return NAMES.get(type);
  }

  /**
   * The type that numpy calls so.
   *
   * @throws HawserException (INVALID_ARGUMENT) for names that no tensor has
   */
  public static DataType type(String name) {
    DataType type = TYPES.get(name);
    if (type == null) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "tensors have no elements of dtype '%s', only of %s"
              .formatted(Names.shown(name), NAMES.values()));
    }
    return type;
  }
}
