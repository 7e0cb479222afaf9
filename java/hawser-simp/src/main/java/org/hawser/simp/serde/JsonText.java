package org.hawser.simp.serde;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** JSON as Python's json module reads and writes it, within bounds. */
final class JsonText {
  /** Of one text, which may be a constant: whoever took the whole in has bounded it. */
  private static final int LONGEST_TEXT = Integer.MAX_VALUE - 8;

  /** Five levels a value: a list of operations, each with a map of attributes, is the most. */
  private static final int DEEPEST = 5 * Encoder.DEEPEST;

  /** As many digits as Python reads. */
  private static final int LONGEST_NUMBER = 4300;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(LONGEST_TEXT)
                          .maxNestingDepth(DEEPEST)
                          .maxNumberLength(LONGEST_NUMBER)
                          .build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonText() {}

  /**
   * @throws HawserException (INVALID_ARGUMENT) when the bytes are not exactly one JSON value
   */
  static JsonNode read(byte[] utf8) {
    try {
      JsonNode node = MAPPER.readTree(utf8);
      if (node.isMissingNode()) {
        throw malformed("there is nothing", null);
      }
      return node;
    } catch (JsonProcessingException e) {
      throw malformed(e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw malformed(e.getMessage(), e);
    }
  }

  static byte[] write(JsonNode node) {
    var out = new ByteArrayBuilder();
    try (var generator = new FastBase64(MAPPER.createGenerator(out))) {
      MAPPER.writeTree(generator, node);
    } catch (IOException e) {
      throw Encoder.refused(e.getMessage());
    }
    return out.toByteArray();
  }

  private static HawserException malformed(String why, Throwable cause) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, "malformed JSON: " + why, cause);
  }

  /**
   * Has the JDK's own instructions for base64 do what takes Jackson's loop several times as long.
   */
  private static final class FastBase64 extends JsonGeneratorDelegate {
    FastBase64(JsonGenerator utf8) {
      super(utf8);
    }

    @Override
    public void writeBinary(Base64Variant variant, byte[] bytes, int offset, int length)
        throws IOException {
      byte[] whole =
          length == bytes.length ? bytes : Arrays.copyOfRange(bytes, offset, offset + length);
      byte[] base64 = Base64.getEncoder().encode(whole);
      delegate.writeRawUTF8String(base64, 0, base64.length);
    }
  }
}
