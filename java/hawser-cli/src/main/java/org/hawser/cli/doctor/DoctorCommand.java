package org.hawser.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.Version;
import org.hawser.cli.doctor.Diagnosis.NativeHalf;
import org.hawser.cli.doctor.Diagnosis.Spu;
import org.hawser.lane.Device;
import org.hawser.lane.LaneOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser doctor}. */
@Command(
    name = "doctor",
    description = "Show what Hawser finds on this machine, what is missing, and what gets it.",
    footer = {"", "The exit code is 0 when lanes can be opened here."})
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    LaneOptions options = lanes.options();
    Diagnosis diagnosis = new Examination(options.lanes(), options.protection()).run();
    if (json) {
      out().println(Json.write(diagnosis));
    } else {
      print(diagnosis);
    }
    return diagnosis.ok() ? 0 : 1;
  }

  private void print(Diagnosis diagnosis) {
    out().printf("hawser   %s%n", Version.own());
    out()
        .printf(
            "JDK      %s, %s, %s%n",
            diagnosis.jdk().version(), diagnosis.jdk().vendor(), diagnosis.jdk().home());
    print(diagnosis.nativeHalf());
    print(diagnosis.spu());
    out().printf("trust    %s%n", diagnosis.trust().line());
    if (diagnosis.features() != null) {
      out().println("kernel");
      diagnosis
          .features()
          .properties()
          .forEach(
              feature ->
                  out().printf("  %-22s %s%n", feature.getKey(), feature.getValue().asText()));
    }
    if (diagnosis.gpus() != null) {
      print("GPUs", diagnosis.gpus(), "driver", "devices", DoctorCommand::gpu);
      print("plugins", diagnosis.plugins(), "", "found", DoctorCommand::plugin);
      print("libfabric", diagnosis.libfabric(), "version", "providers", DoctorCommand::provider);
      out().printf("ports    %s%n", String.join(", ", diagnosis.ports()));
    }
    if (!diagnosis.devices().isEmpty()) {
      out().println("devices");
      diagnosis.devices().forEach(this::print);
    }
    diagnosis
        .missing()
        .forEach(
            lack ->
                out()
                    .printf(
                        "%s %s%n  get it with: %s%n",
                        lack.required() ? "MISSING " : "optional", lack.what(), lack.command()));
    out().println(diagnosis.ok() ? "ok: lanes can be opened" : "NOT OK: lanes cannot be opened");
  }

  private void print(NativeHalf nativeHalf) {
    if (nativeHalf.problem() == null) {
      out()
          .printf(
              "native   %s, ABI %d, from %s%n",
              nativeHalf.version(), nativeHalf.abi(), nativeHalf.origin());
    } else {
      out().printf("native   cannot be used: %s%n", nativeHalf.problem());
    }
  }

  private void print(Spu spu) {
    if (spu.problem() == null) {
      out()
          .printf(
              "spu      %s, links over %s, Python %s in %s, from %s%n",
              spu.version(),
              spu.createWithChannels() ? "lanes" : "brpc alone",
              spu.python(),
              spu.environment(),
              spu.origin());
    } else {
      out().printf("spu      cannot be used: %s%n", spu.problem());
    }
  }

  /** One part of the survey: its version, then a line for each entry of its list. */
  private void print(
      String title, JsonNode part, String version, String list, Function<JsonNode, String> line) {
    String problem = part.path("problem").asText("");
    String head = part.path(version).asText("");
    if (!part.path("problem").isNull() && !problem.isEmpty()) {
      head = problem;
    } else if (part.path(list).isEmpty()) {
      head = (head + " none found").strip();
    }
    out().printf("%-8s %s%n", title, head);
    part.path(list).forEach(entry -> out().printf("  %s%n", line.apply(entry)));
  }

  private static String gpu(JsonNode gpu) {
    return "%d  %s, %.1f GiB"
        .formatted(
            gpu.get("number").asInt(),
            gpu.get("name").asText(),
            gpu.get("memory_bytes").asLong() / (double) (1 << 30));
  }

  private static String plugin(JsonNode plugin) {
    if (!plugin.get("problem").isNull()) {
      return "%s: %s".formatted(plugin.get("name").asText(), plugin.get("problem").asText());
    }
    return "%s (%s), version %d, from %s, devices %s"
        .formatted(
            plugin.get("name").asText(),
            plugin.get("net").asText(),
            plugin.get("version").asInt(),
            plugin.get("path").asText(),
            names(plugin));
  }

  private static String provider(JsonNode provider) {
    return "%s: %s".formatted(provider.get("name").asText(), names(provider));
  }

  private static String names(JsonNode owner) {
    return owner
        .get("devices")
        .valueStream()
        .map(JsonNode::asText)
        .collect(Collectors.joining(", "));
  }

  private void print(Device device) {
    out()
        .printf(
            "  %-15s %-16s %s, MTU %d, %s, NUMA node %s%s%n                  %s%n",
            device.name(),
            device.address().isEmpty() ? "no address" : device.address(),
            device.up() ? "up" : "down",
            device.mtu(),
            device.speedMbps() < 0 ? "speed unknown" : device.speedMbps() + " Mbit/s",
            device.numaNode() < 0 ? "unknown" : device.numaNode(),
            device.pci().isEmpty() ? "" : ", PCI " + device.pci(),
            device.reason());
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
