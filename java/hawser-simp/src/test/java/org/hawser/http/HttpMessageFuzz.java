package org.hawser.http;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * What a peer sends over HTTP, as the endpoints read it: the last part of a path, and the body of a
 * message in mplang's form. It is read, or refused with a status. Run by {@code scripts/fuzz}.
 */
public final class HttpMessageFuzz {
  private HttpMessageFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    KeyPath.decode(new String(input, StandardCharsets.ISO_8859_1));
    try {
      LegacyMessage.read(Unpooled.wrappedBuffer(input));
    } catch (LegacyMessage.Malformed e) {
      if (e.status() < 400 || e.status() > 499) {
        throw new IllegalStateException("a peer's mistake is answered as one", e);
      }
    }
  }
}
