package org.hawser.lane;

import org.hawser.HawserException;

/** Something that happened to a link, told to its listener. */
public sealed interface LinkEvent {
  /** A lane is lost; what it had not delivered goes over the others. */
  record LaneLost(int lane, String device, String reason) implements LinkEvent {}

  /** A lost lane carries chunks again. */
  record LaneBack(int lane, String device) implements LinkEvent {}

  /** The peer has closed the link in order. */
  record PeerClosed() implements LinkEvent {}

  /** The link has failed, and with it every transfer on it. */
  record Failed(HawserException reason) implements LinkEvent {}
}
