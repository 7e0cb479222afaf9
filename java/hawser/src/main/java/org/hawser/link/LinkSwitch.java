package org.hawser.link;

import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Whether libspu's links run on the parties' communicator, or on brpc with ports of their own: what
 * the cluster file says of the SPU device, unless the environment says otherwise.
 */
public final class LinkSwitch {
  /** In the device's configuration: a truth value. */
  public static final String CONFIG_KEY = "use_mplang_channel";

  /** In the environment: 0 or 1. */
  public static final String VARIABLE = "MPLANG_SPU_USE_CHANNELS";

  private LinkSwitch() {}

  /**
   * The mode for one device.
   *
   * @param config the device's configuration, as the cluster file has it
   * @param environment {@code System.getenv()}
   * @return CHANNELS, unless told not to: then BRPC
   * @throws HawserException INVALID_ARGUMENT for another value than those
   */
  public static LinkMode mode(Map<String, ?> config, Map<String, String> environment) {
    boolean configured =
        switch (config.get(CONFIG_KEY)) {
          case null -> true;
          case Boolean value -> value;
          case Object value -> throw unknown(CONFIG_KEY, value, "true or false");
        };
    boolean channels =
        switch (environment.get(VARIABLE)) {
          case null -> configured;
          case "1" -> true;
          case "0" -> false;
          case String value -> throw unknown(VARIABLE, value, "0 or 1");
        };
    return channels ? LinkMode.CHANNELS : LinkMode.BRPC;
  }

  private static HawserException unknown(String name, Object value, String expected) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "%s=%s: it is %s".formatted(name, value, expected));
  }
}
