package org.hawser.lane;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("hawser.LaneBack")
@Label("Lane Back")
@Category("Hawser")
@Description("A lane that was lost carries chunks again")
@StackTrace(false)
final class LaneBackEvent extends Event {
  @Label("Peer")
  String peer;

  @Label("Lane")
  int lane;

  @Label("Device")
  String device;

  static void record(String peer, int lane, String device) {
    var event = new LaneBackEvent();
    event.peer = peer;
    event.lane = lane;
    event.device = device;
    event.commit();
  }
}
