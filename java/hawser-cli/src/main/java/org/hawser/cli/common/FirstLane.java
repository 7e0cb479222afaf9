package org.hawser.cli.common;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.Device;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.Lanes;

/** Where peers reach this machine. */
public final class FirstLane {
  private FirstLane() {}

  /** The first lane's address: what peers can reach, whatever this host calls itself. */
  public static String address(LaneOptions options) {
    return Lanes.devices(options.lanes()).stream()
        .filter(device -> device.lane() == 0)
        .map(Device::address)
        .findFirst()
        .orElseThrow(
            () -> new HawserException(ErrorCode.INTERNAL, "the first lane has no address"));
  }
}
