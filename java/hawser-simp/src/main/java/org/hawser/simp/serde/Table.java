package org.hawser.simp.serde;

import java.util.Arrays;

/**
 * Columns with names. Hawser hands them through, and does not look into them.
 *
 * @param ipc as a stream of Apache Arrow's IPC; not copied, so nobody may change it
 */
public record Table(byte[] ipc) {
  @Override
  public boolean equals(Object object) {
    return object instanceof Table other && Arrays.equals(ipc, other.ipc);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ipc);
  }

  /** Its size: what it holds may be secret. */
  @Override
  public String toString() {
    return "Table[%d bytes]".formatted(ipc.length);
  }
}
