package org.hawser.cli.doctor;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.hawser.lane.Device;

/**
 * What {@code hawser doctor --json} prints.
 *
 * @param ok whether lanes can be opened here
 * @param trust by whom links are protected, or that they are in the clear
 * @param devices all of the machine, in the kernel's order; none without the native library
 * @param features of the kernel, null without the native library
 * @param gpus with the version of their driver, or the problem with it; like the next two null
 *     without the native library
 * @param plugins NCCL's network plugins, those that cannot be used with their problem
 * @param libfabric its version and the devices of its providers, or the problem with it
 * @param ports the transports that ports can use here
 */
public record Diagnosis(
    boolean ok,
    Jdk jdk,
    @JsonProperty("native") NativeHalf nativeHalf,
    Spu spu,
    Trust trust,
    List<Device> devices,
    JsonNode features,
    JsonNode gpus,
    JsonNode plugins,
    JsonNode libfabric,
    List<String> ports,
    List<Lack> missing) {

  /**
   * How links are protected, as the settings and options have it.
   *
   * @param identity where it comes from, null without one
   * @param insecure whether clear text may go to other machines
   */
  public record Trust(String identity, boolean insecure) {
    String line() {
      if (identity != null) {
        return "TLS 1.3 by " + identity;
      }
      return insecure
          ? "INSECURE: clear text to other machines, for all on the way to read and forge"
          : "no identity: clear text on this machine alone";
    }
  }

  /** The JDK that runs this. */
  public record Jdk(String version, String vendor, String home) {}

  /**
   * The native library.
   *
   * @param origin the file it was loaded from, or its place inside the jar; null when not loaded
   * @param problem why it cannot be used, null when it can
   */
  public record NativeHalf(
      boolean loaded, String origin, String version, Integer abi, String problem) {}

  /**
   * libspu. What is not known is null.
   *
   * @param origin the file the bridge to it was loaded from, or its place inside the jar
   * @param environment the folder of the virtual environment that it lives in
   * @param createWithChannels whether its links can run on lanes; otherwise they need a port each
   * @param problem why it cannot be used, null when it can
   */
  public record Spu(
      boolean available,
      String version,
      String python,
      String environment,
      String origin,
      Boolean createWithChannels,
      String problem) {}

  /**
   * Something that is missing.
   *
   * @param required whether no lanes can be opened without it
   * @param command what gets it
   */
  public record Lack(String what, boolean required, String command) {}
}
