package org.hawser.simp.serde;

import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A value as a peer writes it in JSON is read, or refused with INVALID_ARGUMENT, and nothing else.
 * Run by {@code scripts/fuzz}.
 */
public final class SerdeJsonFuzz {
  private SerdeJsonFuzz() {}

  public static void fuzzerTestOneInput(byte[] text) {
    try {
      Serde.fromJson(JsonText.read(text));
    } catch (HawserException e) {
      if (e.code() != ErrorCode.INVALID_ARGUMENT) {
        throw e;
      }
    }
  }
}
