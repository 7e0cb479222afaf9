package org.hawser.lane;

/**
 * What a scheduler sees of a link's lanes, numbered from 0. One object serves every call: it is
 * valid only during the call it is passed to.
 */
public interface LaneView {
  /** The number of lanes, dead ones included. */
  int count();

  /** Whether the lane is connected. */
  boolean alive(int lane);

  /** Whether the lane, which is alive, takes a chunk now. */
  boolean room(int lane);

  /** Bytes of chunks given to the lane and not acknowledged yet. */
  long inFlight(int lane);

  /** Bytes per second the lane was last measured to deliver; 0 until the first measurement. */
  long rate(int lane);
}
