package org.hawser;

import java.util.Map;

/** Writes JSON for libspu, which takes its configurations so. Safe for use by all threads. */
public final class Json {
  private Json() {}

  /**
   * One line of JSON. Maps become objects in their own order, iterables arrays; enums, like texts,
   * become strings: their names.
   *
   * @param value of maps, iterables, texts, enums, booleans, integers and finite floating-point
   *     numbers
   * @throws IllegalArgumentException for anything else
   */
  public static String write(Object value) {
    var out = new StringBuilder();
    append(out, value);
    return out.toString();
  }

  private static void append(StringBuilder out, Object value) {
    switch (value) {
      case Map<?, ?> map -> appendObject(out, map);
      case Iterable<?> items -> appendArray(out, items);
      case CharSequence text -> appendText(out, text);
      case Enum<?> constant -> appendText(out, constant.name());
      case Boolean flag -> out.append(flag);
      case Double number when Double.isFinite(number) -> out.append(number);
      case Float number when Float.isFinite(number) -> out.append(number);
      case Long number -> out.append(number);
      case Integer number -> out.append(number);
      default -> throw new IllegalArgumentException("JSON has no place for " + value.getClass());
    }
  }

  private static void appendObject(StringBuilder out, Map<?, ?> map) {
    String separator = "";
    out.append('{');
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      appendText(out, String.valueOf(entry.getKey()));
      out.append(':');
      append(out, entry.getValue());
      separator = ",";
    }
    out.append('}');
  }

  private static void appendArray(StringBuilder out, Iterable<?> items) {
    String separator = "";
    out.append('[');
    for (Object item : items) {
      out.append(separator);
      append(out, item);
      separator = ",";
    }
    out.append(']');
  }

  private static void appendText(StringBuilder out, CharSequence text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
