package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Base64;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** JSON compressed by gzip, in base64. */
final class PackedJson {
  /** Of the JSON, in bytes: a few bytes could otherwise claim to be very many. */
  private static final int MOST = 1 << 30;

  private static final int BUFFER = 64 << 10;

  private PackedJson() {}

  static String pack(JsonNode json) {
    var packed = new ByteArrayOutputStream(BUFFER);
    try (OutputStream out = new FastGzip(packed)) {
      JsonText.write(json, out);
    } catch (IOException e) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, e.getMessage(), e);
    }
    return Base64.getEncoder().encodeToString(packed.toByteArray());
  }

  static JsonNode unpack(String text) {
    return JsonText.read(inflate(decode(text)));
  }

  private static byte[] decode(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw malformed("not base64: " + e.getMessage(), e);
    }
  }

  private static byte[] inflate(byte[] packed) {
    try (var in = new GZIPInputStream(new ByteArrayInputStream(packed), BUFFER)) {
      byte[] json = in.readNBytes(MOST + 1);
      if (json.length > MOST) {
        throw malformed("more than %d bytes of JSON".formatted(MOST), null);
      }
      return json;
    } catch (IOException e) {
      throw malformed("not gzip: " + e.getMessage(), e);
    }
  }

  private static HawserException malformed(String why, Throwable cause) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "malformed base64 of compressed JSON: " + why, cause);
  }

  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
