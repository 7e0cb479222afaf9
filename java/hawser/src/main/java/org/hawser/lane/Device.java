package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.hawser.ffi.Layouts;

/**
 * A network device of this machine.
 *
 * @param address numeric, empty when it has none
 * @param index the kernel's interface index
 * @param mtu bytes
 * @param speedMbps -1 when the driver does not tell
 * @param numaNode -1 when unknown
 * @param up whether it is administratively up and has a carrier
 * @param lane the first lane that uses it, -1 when it was not chosen
 * @param pci bus address, empty for a virtual device
 * @param reason why it was or was not chosen
 */
public record Device(
    String name,
    String address,
    int index,
    int mtu,
    int speedMbps,
    int numaNode,
    boolean up,
    int lane,
    String pci,
    String reason) {

  /** Reads a {@code hawser_device}. */
  static Device read(MemorySegment from) {
    return new Device(
        text(from, "name"),
        text(from, "address"),
        number(from, "index"),
        number(from, "mtu"),
        number(from, "speed_mbps"),
        number(from, "numa_node"),
        number(from, "up") != 0,
        number(from, "lane"),
        text(from, "pci"),
        text(from, "reason"));
  }

  private static String text(MemorySegment from, String field) {
    return from.getString(Layouts.offset(Layouts.DEVICE, field));
  }

  private static int number(MemorySegment from, String field) {
    return from.get(JAVA_INT, Layouts.offset(Layouts.DEVICE, field));
  }
}
