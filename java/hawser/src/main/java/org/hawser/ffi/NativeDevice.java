package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/** A {@code hawser_device}; the header tells what each field means. */
public record NativeDevice(
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

  static NativeDevice read(MemorySegment from) {
    return new NativeDevice(
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
