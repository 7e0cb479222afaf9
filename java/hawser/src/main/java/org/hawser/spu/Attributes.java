package org.hawser.spu;

import java.util.LinkedHashMap;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Json;

/**
 * Values for attributes of one of libspu's classes, by its names; what is not set is left to it.
 */
final class Attributes {
  private final Map<String, Object> values;

  Attributes() {
    this(new LinkedHashMap<>());
  }

  private Attributes(Map<String, Object> values) {
    this.values = values;
  }

  void put(String name, Object value) {
    values.put(name, value);
  }

  /**
   * @throws HawserException (INVALID_ARGUMENT) for a number below {@code least}
   */
  void putNumber(String name, long value, long least) {
    if (value < least) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "%s is %d or more, not %d".formatted(name, least, value));
    }
    put(name, value);
  }

  Attributes copy() {
    return new Attributes(new LinkedHashMap<>(values));
  }

  String json() {
    return Json.write(values);
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Attributes other && values.equals(other.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }
}
