package org.hawser.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.netty.buffer.ByteBuf;
import java.io.IOException;

/**
 * A message as mplang's older workers send it, in JSON.
 *
 * @param data base64 of bytes, or serde's text form of a value
 */
record LegacyMessage(int fromRank, boolean isRawBytes, String data) {
  /** Whoever took the body in has bounded it. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          .build();

  /** Why it cannot be read, as a status. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;

    Malformed(int status, String message) {
      super(message);
      this.status = status;
    }

    int status() {
      return status;
    }
  }

  static LegacyMessage read(ByteBuf body) throws Malformed {
    JsonNode json;
    try {
      json = MAPPER.readTree(Wire.bytes(body));
    } catch (IOException e) {
      throw new Malformed(400, "the body is no JSON");
    }
    JsonNode from = json == null ? null : json.get("from_rank");
    JsonNode data = json == null ? null : json.get("data");
    if (from == null || !from.canConvertToInt() || data == null || !data.isTextual()) {
      throw new Malformed(422, "the body needs 'from_rank', an integer, and 'data', a text");
    }
    boolean raw = json.path("is_raw_bytes").asBoolean(false);
    return new LegacyMessage(from.intValue(), raw, data.textValue());
  }
}
