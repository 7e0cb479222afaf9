package org.hawser.lane;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.hawser.ErrorCode;

@Name("hawser.Transfer")
@Label("Transfer")
@Category("Hawser")
@Description("A send or a receive, from its start to its completion")
@StackTrace(false)
final class TransferEvent extends Event {
  private static final TransferEvent PROBE = new TransferEvent();

  @Label("Bytes")
  @DataAmount
  long bytes;

  @Label("Tag")
  long tag;

  @Label("Direction")
  String direction;

  @Label("Peer")
  String peer;

  @Label("Result")
  String result;

  /** A begun event, or null while nobody records them. */
  static TransferEvent begun() {
    if (!PROBE.isEnabled()) {
      return null;
    }
    var event = new TransferEvent();
    event.begin();
    return event;
  }

  void finish(Transfer transfer, long transferred, int code) {
    end();
    if (shouldCommit()) {
      bytes = transferred;
      tag = transfer.tag;
      direction = transfer.sends ? "send" : "receive";
      peer = transfer.link.peer();
      result = ErrorCode.ofNative(code).name();
      commit();
    }
  }
}
