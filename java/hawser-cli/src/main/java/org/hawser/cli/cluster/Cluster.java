package org.hawser.cli.cluster;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A cluster file. Keys that it may have and Hawser does not use are left out.
 *
 * @param nodes in the order of their ranks
 */
public record Cluster(List<Node> nodes, Map<String, Device> devices) {
  private static final ObjectMapper MAPPER =
      YAMLMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  /**
   * One machine, or one process of it.
   *
   * @param endpoint {@code host:port}, with {@code http://} before it or without
   */
  public record Node(
      @JsonProperty(required = true) String name, @JsonProperty(required = true) String endpoint) {
    /** The endpoint as {@code host:port}. */
    String address() {
      return endpoint.replaceFirst("^https?://", "").replaceFirst("/$", "");
    }
  }

  /**
   * What some nodes make up together.
   *
   * @param kind PPU, SPU or TEE, in any case
   * @param members names of nodes
   */
  public record Device(
      @JsonProperty(required = true) String kind,
      @JsonProperty(required = true) List<String> members,
      Map<String, JsonNode> config) {
    public Device {
      config = config == null ? Map.of() : Map.copyOf(config);
    }
  }

  /**
   * Reads a file.
   *
   * @throws HawserException (INVALID_ARGUMENT) that tells what is wrong with the file
   */
  public static Cluster read(Path file) {
    try {
      Cluster cluster = MAPPER.readValue(Files.readAllBytes(file), Cluster.class);
      if (cluster == null || cluster.nodes == null || cluster.devices == null) {
        throw wrong(file, "a cluster has nodes and devices", null);
      }
      if (cluster.nodes.stream().anyMatch(Objects::isNull)
          || cluster.devices.values().stream().anyMatch(Objects::isNull)) {
        throw wrong(file, "a node or a device says nothing", null);
      }
      return cluster;
    } catch (JsonProcessingException e) {
      throw wrong(file, e.getMessage().lines().findFirst().orElse("is no YAML") + at(e), e);
    } catch (IOException e) {
      throw wrong(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  private static String at(JsonProcessingException failure) {
    return failure.getLocation() == null ? "" : ", line " + failure.getLocation().getLineNr();
  }

  /**
   * An SPU device.
   *
   * @throws HawserException (INVALID_ARGUMENT) when there is none of that name, or it is described
   *     wrongly
   */
  public SpuDevice spu(String name) {
    Device device = devices.get(name);
    if (device == null || !device.kind.equalsIgnoreCase("SPU")) {
      List<String> known =
          devices.entrySet().stream()
              .filter(each -> each.getValue().kind.equalsIgnoreCase("SPU"))
              .map(Map.Entry::getKey)
              .sorted()
              .toList();
      throw invalid("the cluster has no SPU device %s, but %s".formatted(name, known));
    }
    List<String> addresses =
        device.members.stream().map(member -> node(name, member).address()).toList();
    return SpuDevice.of(name, addresses, device.config);
  }

  /** Where each node listens, {@code host:port}, in the order of their ranks. */
  public List<String> addresses() {
    return nodes.stream().map(Node::address).toList();
  }

  /** The nodes' names by their ranks. */
  public Map<Integer, String> names() {
    return IntStream.range(0, nodes.size())
        .boxed()
        .collect(Collectors.toMap(rank -> rank, rank -> nodes.get(rank).name()));
  }

  private Node node(String device, String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> invalid("device %s: there is no node %s".formatted(device, name)));
  }

  private static HawserException wrong(Path file, String what, Exception cause) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, file + ": " + what, cause);
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
