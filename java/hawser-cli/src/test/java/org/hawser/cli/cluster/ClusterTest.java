package org.hawser.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.link.LinkMode;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cluster files as mplang writes them, and wrong ones. */
class ClusterTest {
  private static final String FILE =
      """
      cluster_id: some
      nodes:
        - name: node_0
          endpoint: "http://10.0.0.1:8100"
          runtime_info: {version: "0.1", platform: linux, op_bindings: {}}
        - {name: node_1, endpoint: "10.0.0.2:8101"}
        - {name: node_2, endpoint: "[fe80::1]:8102"}
      devices:
        P0: {kind: PPU, members: [node_0], config: {}}
        SP0:
          kind: spu
          members: [node_0, node_2]
          config: {protocol: semi2k, field: FM64, fxp_fraction_bits: 18, use_mplang_channel: false}
        SP1: {kind: SPU, members: [node_0, node_1, node_2]}
      """;

  @TempDir private Path folder;

  private Cluster read(String text) throws IOException {
    return Cluster.read(Files.writeString(folder.resolve("cluster.yaml"), text));
  }

  @Test
  void deviceIsItsMembersAndItsConfiguration() throws Exception {
    SpuDevice device = read(FILE).spu("SP0");
    assertEquals(List.of("10.0.0.1:8100", "[fe80::1]:8102"), device.addresses());
    assertEquals(Optional.of(Protocol.SEMI2K), device.protocol());
    assertEquals(Optional.of(Field.FM64), device.field());
    assertEquals(Optional.of(18), device.fractionBits());
    assertEquals(LinkMode.BRPC, device.linkMode());
  }

  @Test
  void deviceWithoutConfigurationUsesChannels() throws Exception {
    SpuDevice device = read(FILE).spu("SP1");
    assertEquals(3, device.addresses().size());
    assertEquals(Optional.empty(), device.protocol());
    assertEquals(LinkMode.CHANNELS, device.linkMode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          P0                         | P0     | no SPU device P0, but [SP0, SP1]
          SP0                        | SP7    | no SPU device SP7, but [SP0, SP1]
          members: [node_0, node_2]  | SP0    | there is no node nobody
          semi2k                     | SP0    | protocol is one of
          use_mplang_channel: false  | SP0    | use_mplang_channel
          fxp_fraction_bits: 18      | SP0    | fxp_fraction_bits is 0 or more
          field: FM64                | SP0    | unknown in its config: ring
          """)
  void wrongDevicesAreRefused(String replaced, String device, String expected) throws Exception {
    String wrong =
        switch (replaced) {
          case "members: [node_0, node_2]" -> "members: [nobody]";
          case "semi2k" -> "semi3k";
          case "use_mplang_channel: false" -> "use_mplang_channel: maybe";
          case "fxp_fraction_bits: 18" -> "fxp_fraction_bits: -1";
          case "field: FM64" -> "ring: FM64";
          default -> replaced;
        };
    Cluster cluster = read(FILE.replace(replaced, wrong));
    var failure = assertThrows(HawserException.class, () -> cluster.spu(device));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(expected), failure::getMessage);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nodes: [                        | line
          nodes: []                       | nodes and devices
          devices: {}                     | nodes and devices
          nodes: 7                        | line 1
          {nodes: [{name: a}], devices: {}} | endpoint
          {nodes: [], devices: {SP0: }}   | says nothing
          """)
  void wrongFilesAreRefusedByName(String text, String expected) {
    var failure = assertThrows(HawserException.class, () -> read(text.strip()));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains("cluster.yaml: "), failure::getMessage);
    assertTrue(failure.getMessage().contains(expected), failure::getMessage);
  }

  @Test
  void missingFileIsRefusedByName() {
    Path missing = folder.resolve("missing.yaml");
    var failure = assertThrows(HawserException.class, () -> Cluster.read(missing));
    assertTrue(failure.getMessage().startsWith(missing + ": "), failure::getMessage);
  }
}
