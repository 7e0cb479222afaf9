package org.hawser.lane;

/** A feature that is used, not used, or left to Hawser. */
public enum Toggle {
  AUTO,
  ON,
  OFF
}
