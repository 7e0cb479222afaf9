package org.hawser.cli.port;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Where two ranks meet: {@code ip:port} or {@code interface:ip:port}; an IPv6 address stands in
 * brackets.
 *
 * @param device that peers reach this process at; empty for the default
 * @param rendezvous {@code ip:port} of rank 0
 */
record MeetingPoint(String device, String rendezvous) {
  private static final Pattern FORM =
      Pattern.compile("(?:([^:\\[\\]]+):)?(\\[[^\\[\\]]+]|[^:\\[\\]]+):(\\d{1,5})");

  static MeetingPoint parse(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "\"%s\" is no meeting point: write ip:port or interface:ip:port".formatted(text));
    }
    String device = parts.group(1) == null ? "" : parts.group(1);
    return new MeetingPoint(device, parts.group(2) + ":" + parts.group(3));
  }

  /** Of two processes on this machine. */
  static MeetingPoint local(int port) {
    return new MeetingPoint("", "127.0.0.1:" + port);
  }

  /** Where peers reach this process: the device, or loopback when the ranks meet there. */
  String address() {
    return device.isEmpty() && rendezvous.startsWith("127.") ? "127.0.0.1" : device;
  }
}
