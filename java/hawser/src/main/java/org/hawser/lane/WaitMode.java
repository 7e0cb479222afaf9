package org.hawser.lane;

/** How a thread that drives waits. */
public enum WaitMode {
  /** Sleeps; polls briefly first where recent waits were short. */
  BLOCK,
  /** Polls only: the lowest latency, at the price of a core for as long as it waits. */
  SPIN
}
