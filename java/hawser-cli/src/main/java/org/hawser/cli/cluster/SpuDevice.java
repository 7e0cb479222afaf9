package org.hawser.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.link.LinkMode;
import org.hawser.link.LinkSwitch;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;

/**
 * An SPU device of a cluster file. What it does not say is empty.
 *
 * @param addresses of its members, {@code host:port}, in the order in which they are listed: the
 *     device's ranks
 * @param linkMode what the environment says carries libspu's messages, or else the file
 */
public record SpuDevice(
    String name,
    List<String> addresses,
    Optional<Protocol> protocol,
    Optional<Field> field,
    Optional<Integer> fractionBits,
    LinkMode linkMode) {
  private static final String PROTOCOL = "protocol";
  private static final String FIELD = "field";
  private static final String FRACTION_BITS = "fxp_fraction_bits";

  private static final List<String> KNOWN =
      List.of(PROTOCOL, FIELD, FRACTION_BITS, LinkSwitch.CONFIG_KEY);

  static SpuDevice of(String name, List<String> addresses, Map<String, JsonNode> config) {
    var unknown = new TreeSet<>(config.keySet());
    unknown.removeAll(KNOWN);
    if (!unknown.isEmpty()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "device %s: unknown in its config: %s; known are %s"
              .formatted(name, String.join(", ", unknown), String.join(", ", KNOWN)));
    }
    return new SpuDevice(
        name,
        List.copyOf(addresses),
        constant(name, config, PROTOCOL, Protocol.values()),
        constant(name, config, FIELD, Field.values()),
        Optional.ofNullable(config.get(FRACTION_BITS)).map(value -> number(name, value)),
        LinkSwitch.mode(switches(config), System.getenv()));
  }

  private static <T extends Enum<T>> Optional<T> constant(
      String device, Map<String, JsonNode> config, String key, T[] values) {
    JsonNode given = config.get(key);
    if (given == null) {
      return Optional.empty();
    }
    String name = given.asText().toUpperCase(Locale.ROOT);
    return Optional.of(
        Arrays.stream(values)
            .filter(value -> value.name().equals(name))
            .findFirst()
            .orElseThrow(() -> wrong(device, key, given, "one of " + Arrays.toString(values))));
  }

  private static int number(String device, JsonNode value) {
    if (!value.isInt() || value.asInt() < 0) {
      throw wrong(device, FRACTION_BITS, value, "0 or more");
    }
    return value.asInt();
  }

  private static Map<String, ?> switches(Map<String, JsonNode> config) {
    JsonNode given = config.get(LinkSwitch.CONFIG_KEY);
    if (given == null) {
      return Map.of();
    }
    return Map.of(LinkSwitch.CONFIG_KEY, given.isBoolean() ? given.asBoolean() : given.asText());
  }

  private static HawserException wrong(String device, String key, JsonNode value, String expected) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "device %s: %s is %s, not %s".formatted(device, key, expected, value));
  }
}
