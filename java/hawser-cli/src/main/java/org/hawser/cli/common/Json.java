package org.hawser.cli.common;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Records as JSON: {@code gbitPerS} is written {@code gbit_per_s}. Safe for use by all threads. */
public final class Json {
  /** Fields it does not know are left out, so that newer peers may say more. */
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private Json() {}

  /** One line. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new HawserException(ErrorCode.INTERNAL, "cannot write JSON: " + e.getMessage(), e);
    }
  }

  /** Any JSON, as it is. */
  public static JsonNode tree(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new HawserException(ErrorCode.INTERNAL, "not JSON: " + json, e);
    }
  }

  /**
   * @throws HawserException (REFUSED) when the bytes are no such object
   */
  public static <T> T read(byte[] json, Class<T> type) {
    try {
      return MAPPER.readValue(json, type);
    } catch (IOException e) {
      throw new HawserException(
          ErrorCode.REFUSED,
          "the peer sent no %s: %s".formatted(type.getSimpleName(), e.getMessage()),
          e);
    }
  }
}
