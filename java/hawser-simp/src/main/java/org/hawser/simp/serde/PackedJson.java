package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** JSON compressed by gzip, in base64. */
final class PackedJson {
  /** Bytes of JSON at most, which a few bytes could otherwise claim to be. */
  private static final long MOST = 256 << 20;

  /** What is longer must have shrunk by less than this, and then has cost its sender something. */
  private static final long MOST_TIMES = 4;

  /** No deflated byte stands for more. */
  private static final long STRONGEST = 1032;

  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  private static final int BUFFER = 64 << 10;

  /** What is not longer is not compressed. */
  private static final int SHORT = 1 << 10;

  /** What is longer is compressed only if a sample of it shows that it pays. */
  private static final int LONG = 64 << 10;

  private static final int SAMPLE = 8 << 10;

  private PackedJson() {}

  static String pack(JsonNode json) {
    byte[] text = JsonText.write(json);
    byte[] packed = compresses(text) ? compressed(text) : StoredGzip.of(text);
    return Base64.getEncoder().encodeToString(packed);
  }

  static JsonNode unpack(String text) {
    return JsonText.read(inflate(decode(text)));
  }

  /**
   * Whether it is worth the time. Tensors of noise in base64 shrink by a quarter, which takes
   * longer than to send that quarter over anything faster than 20 MB/s; programs and regular
   * tensors shrink by far more. What fits into a packet is sent as fast as it is.
   */
  private static boolean compresses(byte[] json) {
    if (json.length <= LONG) {
      return json.length > SHORT;
    }
    try (var deflater = new Deflater(Deflater.BEST_SPEED, true)) {
      deflater.setInput(json, json.length / 2, SAMPLE);
      deflater.finish();
      return deflater.deflate(new byte[SAMPLE]) < SAMPLE / 2;
    }
  }

  private static byte[] compressed(byte[] json) {
    var packed = new ByteArrayOutputStream(json.length / 2);
    try (var gzip = new FastGzip(packed, Math.min(BUFFER, json.length))) {
      gzip.write(json);
    } catch (IOException e) {
      throw new UncheckedIOException("memory takes all that is written to it", e);
    }
    return packed.toByteArray();
  }

  private static byte[] decode(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw malformed("it is not base64: " + e.getMessage(), e);
    }
  }

  private static byte[] inflate(byte[] packed) {
    int buffer = Math.clamp(packed.length, 1, BUFFER);
    try (var in = new GZIPInputStream(new ByteArrayInputStream(packed), buffer)) {
      var json = new byte[announced(packed)];
      int length = in.readNBytes(json, 0, json.length);
      if (length < json.length || in.read() >= 0) {
        throw malformed("it is longer or shorter than its end says", null);
      }
      return json;
    } catch (IOException e) {
      throw malformed("it is not gzip: " + e.getMessage(), e);
    }
  }

  /** How many bytes of JSON its end says that there are. */
  private static int announced(byte[] packed) {
    long bytes = 0;
    for (int i = 1; i <= Integer.BYTES; i++) {
      bytes = bytes << Byte.SIZE | packed[packed.length - i] & 0xff;
    }
    long most = Math.clamp(packed.length * MOST_TIMES, MOST, LONGEST_ARRAY);
    if (bytes > Math.min(most, packed.length * STRONGEST)) {
      throw malformed(
          "%d bytes must not become %d: %d at most".formatted(packed.length, bytes, most), null);
    }
    return (int) bytes;
  }

  private static HawserException malformed(String why, Throwable cause) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "malformed base64 of compressed JSON: " + why, cause);
  }

  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out, int buffer) throws IOException {
      super(out, buffer);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
