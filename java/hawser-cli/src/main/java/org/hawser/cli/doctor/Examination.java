package org.hawser.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.cli.doctor.Diagnosis.Jdk;
import org.hawser.cli.doctor.Diagnosis.Lack;
import org.hawser.cli.doctor.Diagnosis.NativeHalf;
import org.hawser.cli.doctor.Diagnosis.Spu;
import org.hawser.cli.doctor.Diagnosis.Trust;
import org.hawser.ffi.HawserLibrary;
import org.hawser.ffi.NativeLibrary;
import org.hawser.ffi.Pmix;
import org.hawser.ffi.SpuLibrary;
import org.hawser.lane.Device;
import org.hawser.lane.Lanes;
import org.hawser.trust.Protection;

/** Looks at everything once. */
final class Examination {
  private static final String BUILD = "scripts/setup && scripts/hawser --version";

  /** Of one driver or plugin; a GPU's takes seconds to start. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  private static final String SPU = "scripts/setup";

  private final String lanes;
  private final Protection protection;
  private final List<Lack> missing = new ArrayList<>();
  private boolean ok = true;

  /**
   * @param lanes the devices wanted, as {@link org.hawser.lane.LaneOptions#lanes()}
   * @param protection of links
   */
  Examination(String lanes, Protection protection) {
    this.lanes = lanes;
    this.protection = protection;
  }

  Diagnosis run() {
    NativeHalf nativeHalf = nativeHalf();
    Spu spu = spu();
    List<Device> devices = nativeHalf.problem() == null ? devices() : List.of();
    var features = nativeHalf.problem() == null ? Json.tree(Lanes.features()) : null;
    var survey = nativeHalf.problem() == null ? Json.tree(Lanes.survey(PATIENCE)) : Json.tree("{}");
    tool("ip", "scripts/lab", "iproute2");
    tool("tc", "scripts/lab", "iproute2");
    pmix();
    var jdk =
        new Jdk(
            Runtime.version().toString(),
            System.getProperty("java.vendor"),
            System.getProperty("java.home"));
    return new Diagnosis(
        ok,
        jdk,
        nativeHalf,
        spu,
        new Trust(protection.identity().map(Object::toString).orElse(null), protection.insecure()),
        devices,
        features,
        survey.get("gpus"),
        survey.get("plugins"),
        survey.get("libfabric"),
        nativeHalf.problem() == null ? ports(survey) : List.of(),
        List.copyOf(missing));
  }

  private NativeHalf nativeHalf() {
    try {
      HawserLibrary.require();
      return new NativeHalf(
          true, NativeLibrary.origin(), HawserLibrary.version(), HawserLibrary.abiVersion(), null);
    } catch (HawserException e) {
      lack("a native library that fits", true, BUILD);
      boolean loaded = NativeLibrary.isAvailable();
      return new NativeHalf(
          loaded, loaded ? NativeLibrary.origin() : null, null, null, e.getMessage());
    }
  }

  private Spu spu() {
    try {
      SpuLibrary.Facts facts = SpuLibrary.facts();
      if (!facts.createWithChannels()) {
        lack("a libspu with create_with_channels, for links over lanes", false, SPU);
      }
      return new Spu(
          true,
          facts.spu(),
          facts.python(),
          facts.environment(),
          facts.origin(),
          facts.createWithChannels(),
          null);
    } catch (HawserException e) {
      lack("libspu, for hawser spu and hawser demo", false, SPU);
      return new Spu(false, null, null, null, null, null, e.getMessage());
    }
  }

  private List<Device> devices() {
    try {
      List<Device> devices = Lanes.devices(lanes);
      if (devices.stream().noneMatch(device -> device.lane() >= 0)) {
        lack("a device for a lane", true, "ip link set DEVICE up");
      }
      return devices;
    } catch (HawserException e) {
      lack("the devices asked for (%s)".formatted(e.getMessage()), true, "ip -brief link");
      return Lanes.devices("");
    }
  }

  private static List<String> ports(JsonNode survey) {
    List<String> ports = new ArrayList<>(List.of("Memory", "TCP"));
    if (!survey.path("gpus").path("devices").isEmpty()) {
      ports.add("CudaIpc");
    }
    if (!survey.path("libfabric").path("providers").isEmpty()) {
      ports.add("IB0 to IB7");
    }
    return ports;
  }

  private void tool(String name, String user, String debianPackage) {
    boolean found =
        Arrays.stream((System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    if (!found) {
      lack("%s, for %s".formatted(name, user), false, install(debianPackage));
    }
  }

  private void pmix() {
    try {
      Pmix.load();
    } catch (HawserException e) {
      lack("libpmix, for hawser perf --launched under PMIx", false, install("libpmix2"));
    }
  }

  private static String install(String debianPackage) {
    return "sudo apt-get install -y " + debianPackage;
  }

  private void lack(String what, boolean required, String command) {
    missing.add(new Lack(what, required, command));
    ok &= !required;
  }
}
