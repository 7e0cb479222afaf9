package org.hawser.lane;

/** What the loss of one lane means for its link. */
public enum LaneLoss {
  /** Unacknowledged chunks go again over the living lanes; the lost one is probed and rejoins. */
  FAILOVER,
  /** The link fails at once, with an error that names the lane. */
  FAIL_FAST
}
