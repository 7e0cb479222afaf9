package org.hawser.cli.tensor;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hawser.spu.DataType;

/**
 * What a {@code .npy} file says of its array, as a Python dictionary.
 *
 * @param swapped whether its elements are in the other byte order than this machine's
 * @param columnsFirst whether the first index changes fastest (Fortran's order)
 */
record NpyHeader(DataType type, boolean swapped, boolean columnsFirst, long[] shape) {
  private static final Pattern ENTRY =
      Pattern.compile(
          "\\s*(['\"])(\\w+)\\1\\s*:\\s*('[^']*'|\"[^\"]*\"|True|False|\\([^()]*\\)|\\[.*])\\s*(,|$)",
          Pattern.DOTALL);
  private static final Pattern DESCRIPTION = Pattern.compile("['\"]([<>|=])([biuf]\\d+)['\"]");

  /** Of as many extents as NumPy itself takes: for each one more, matching goes a level deeper. */
  private static final Pattern SHAPE =
      Pattern.compile("\\(\\s*(|\\d+\\s*,|\\d+(\\s*,\\s*\\d+){1,63},?)\\s*\\)");

  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  /** NumPy's names of libspu's types, without the byte order. */
  private static final Map<String, DataType> TYPES =
      Arrays.stream(DataType.values()).collect(Collectors.toMap(NpyHeader::name, type -> type));

  NpyHeader(DataType type, long[] shape) {
    this(type, false, false, shape);
  }

  /**
   * Reads the dictionary.
   *
   * @throws IllegalArgumentException that tells what is wrong with it
   */
  static NpyHeader parse(String text) {
    Map<String, String> entries = entries(text.strip());
    Matcher description = DESCRIPTION.matcher(entries.get("descr"));
    DataType type = description.matches() ? TYPES.get(description.group(2)) : null;
    if (type == null) {
      throw new IllegalArgumentException(
          "elements of type %s; libspu knows truth values, integers and floating-point numbers of up to 64 bits"
              .formatted(entries.get("descr")));
    }
    char order = description.group(1).charAt(0);
    boolean swapped = type.bytes() > 1 && order == (LITTLE ? '>' : '<');
    boolean columnsFirst = entries.get("fortran_order").equals("True");
    return new NpyHeader(type, swapped, columnsFirst, shape(entries.get("shape")));
  }

  private static Map<String, String> entries(String text) {
    if (!text.startsWith("{") || !text.endsWith("}")) {
      throw new IllegalArgumentException("a header that is no dictionary");
    }
    String inner = text.substring(1, text.length() - 1).strip();
    Map<String, String> entries = new HashMap<>();
    Matcher entry = ENTRY.matcher(inner);
    while (entry.lookingAt()) {
      entries.put(entry.group(2), entry.group(3));
      entry.region(entry.end(), inner.length());
    }
    if (!entries.keySet().containsAll(List.of("descr", "fortran_order", "shape"))) {
      throw new IllegalArgumentException(
          "a header without descr, fortran_order and shape: " + text);
    }
    return entries;
  }

  private static long[] shape(String tuple) {
    if (!SHAPE.matcher(tuple).matches()) {
      throw new IllegalArgumentException("a shape that is none: " + tuple);
    }
    return Pattern.compile("\\d+")
        .matcher(tuple)
        .results()
        .mapToLong(extent -> extent(extent.group()))
        .toArray();
  }

  private static long extent(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("a shape that is too large", e);
    }
  }

  /** Whether an array of this shape and type has so many bytes. */
  boolean promises(long bytes) {
    try {
      long product = type.bytes();
      for (long extent : shape) {
        product = Math.multiplyExact(product, extent);
      }
      return product == bytes;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  private static String name(DataType type) {
    if (type == DataType.I1) {
      return "b1";
    }
    String kind = type.isFloating() ? "f" : type.isUnsigned() ? "u" : "i";
    return kind + type.bytes();
  }

  /** The dictionary, as NumPy writes it. */
  @Override
  public String toString() {
    String order = type.bytes() == 1 ? "|" : LITTLE ? "<" : ">";
    String extents =
        Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", "));
    return "{'descr': '%s%s', 'fortran_order': %s, 'shape': (%s%s), }"
        .formatted(
            order,
            name(type),
            columnsFirst ? "True" : "False",
            extents,
            shape.length == 1 ? "," : "");
  }
}
