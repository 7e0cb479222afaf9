package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Key;

/** Keys as parts of a path: what is not plain in a path is encoded with a percent sign. */
final class KeyPath {
  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
  private static final boolean[] PLAIN = new boolean[128];

  static {
    String plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@!$&'()*+,;=";
    plain.chars().forEach(character -> PLAIN[character] = true);
  }

  private KeyPath() {}

  /**
   * @throws HawserException (INVALID_ARGUMENT) for a key that cannot be part of a path
   */
  static ByteBuf encode(Key key) {
    int length = key.length();
    ByteBuf out = Unpooled.buffer(Math.max(1, length + 8));
    for (int i = 0; i < length; i++) {
      byte each = key.byteAt(i);
      if (each == '/') {
        break;
      }
      if (each >= 0 && PLAIN[each]) {
        out.writeByte(each);
      } else {
        out.writeByte('%').writeByte(HEX[(each >> 4) & 0xf]).writeByte(HEX[each & 0xf]);
      }
    }
    if (length == 0 || out.readableBytes() < length) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "key '%s' cannot go over HTTP: it is empty or holds a slash".formatted(key));
    }
    return out;
  }

  /**
   * The key that the last part of a path says.
   *
   * @return null when it says none
   */
  static Key decode(String path) {
    var bytes = new byte[path.length()];
    int length = 0;
    for (int i = path.lastIndexOf('/') + 1; i < path.length(); i++) {
      int each = path.charAt(i);
      if (each == '%') {
        int high = i + 2 < path.length() ? Character.digit(path.charAt(i + 1), 16) : -1;
        int low = high < 0 ? -1 : Character.digit(path.charAt(i + 2), 16);
        if (low < 0) {
          return null;
        }
        each = 16 * high + low;
        if (each == '/') {
          return null;
        }
        i += 2;
      }
      bytes[length++] = (byte) each;
    }
    return length == 0 || length > Key.MAX_BYTES ? null : new Key().set(bytes, length);
  }
}
