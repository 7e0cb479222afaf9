package org.hawser.lane;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("hawser.LaneLost")
@Label("Lane Lost")
@Category("Hawser")
@Description("A lane of a link was lost")
@StackTrace(false)
final class LaneLostEvent extends Event {
  @Label("Peer")
  String peer;

  @Label("Lane")
  int lane;

  @Label("Device")
  String device;

  @Label("Reason")
  String reason;

  static void record(String peer, int lane, String device, String reason) {
    var event = new LaneLostEvent();
    event.peer = peer;
    event.lane = lane;
    event.device = device;
    event.reason = reason;
    event.commit();
  }
}
