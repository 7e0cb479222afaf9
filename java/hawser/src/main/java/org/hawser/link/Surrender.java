package org.hawser.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;

/**
 * How one end of a channel tells the other that it has given up, and why: otherwise a party would
 * wait until its time is over for one that waited in vain for a third, and blame the wrong one.
 *
 * <p>On the wire: the rank to blame, 4 bytes, -1 when unknown, and a text in UTF-8.
 */
final class Surrender {
  private static final Key TAG = Key.of("__gave_up__");
  private static final int MAX_BYTES = 512;

  private final Communicator communicator;
  private final int peerRank;
  private final Key key;

  Surrender(Communicator communicator, int peerRank, Key scope) {
    this.communicator = communicator;
    this.peerRank = peerRank;
    this.key = new Key().set(scope, TAG);
  }

  /** Tells the peer, if it can still be told; does not wait for it. */
  void tell(HawserException reason) {
    byte[] text = String.valueOf(reason.getMessage()).getBytes(StandardCharsets.UTF_8);
    byte[] notice =
        ByteBuffer.allocate(Integer.BYTES + text.length).putInt(reason.rank()).put(text).array();
    // Reachable for as long as the communicator needs it, which nobody waits for.
    MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, truncated(notice));
    Completion holder = (_, _) -> Reference.reachabilityFence(memory);
    try {
      if (!communicator.isHawser(peerRank)) {
        return; // Nobody would read it there.
      }
      communicator.send(peerRank, key, memory.address(), memory.byteSize(), holder, 0);
    } catch (HawserException _) {
      // The peer, or this communicator, is gone: who waits there is told by that.
    }
  }

  private static byte[] truncated(byte[] notice) {
    return Arrays.copyOf(notice, Math.min(notice.length, MAX_BYTES));
  }

  /**
   * @throws HawserException (LINK_FAILED) with the peer's reason when it has given up
   */
  void throwIfHeard() {
    byte[] notice = communicator.peekMessage(peerRank, key, MAX_BYTES).orElse(null);
    if (notice == null || notice.length < Integer.BYTES) {
      return;
    }
    int text = notice.length - Integer.BYTES;
    throw new HawserException(
        ErrorCode.LINK_FAILED,
        "rank %d: rank %d gave up: %s"
            .formatted(
                communicator.rank(),
                peerRank,
                new String(notice, Integer.BYTES, text, StandardCharsets.UTF_8)),
        null,
        ByteBuffer.wrap(notice).getInt(),
        -1,
        "",
        0);
  }
}
