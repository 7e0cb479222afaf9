package org.hawser.lane;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

@Name("hawser.ChunkStall")
@Label("Chunk Stall")
@Category("Hawser")
@Description("A link had bytes to send for so long, and no lane had room for a chunk")
@StackTrace(false)
@Threshold("20 ms")
final class ChunkStallEvent extends Event {
  private static final ChunkStallEvent PROBE = new ChunkStallEvent();

  @Label("Peer")
  String peer;

  @Label("Backlog")
  @DataAmount
  long backlog;

  /** A begun event, or null while nobody records them. */
  static ChunkStallEvent begun() {
    if (!PROBE.isEnabled()) {
      return null;
    }
    var event = new ChunkStallEvent();
    event.begin();
    return event;
  }

  void finish(String peerName, long waiting) {
    end();
    if (shouldCommit()) {
      peer = peerName;
      backlog = waiting;
      commit();
    }
  }
}
