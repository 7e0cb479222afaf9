package org.hawser.simp.serde;

import java.lang.foreign.MemorySegment;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A value as a peer writes it in the binary container is read, or refused with INVALID_ARGUMENT,
 * and nothing else. Run by {@code scripts/fuzz}.
 */
public final class SerdeContainerFuzz {
  private SerdeContainerFuzz() {}

  public static void fuzzerTestOneInput(byte[] container) {
    try {
      Serde.loadsBinary(MemorySegment.ofArray(container));
    } catch (HawserException e) {
      if (e.code() != ErrorCode.INVALID_ARGUMENT) {
        throw e;
      }
    }
  }
}
