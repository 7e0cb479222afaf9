package org.hawser.cli.common;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.Settings;
import org.hawser.lane.LaneOptions;
import org.hawser.trust.Protection;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options that say how lanes are opened. Each overrides its HAWSER_* variable. */
public final class LaneArguments {
  @Spec(Target.MIXEE)
  private CommandSpec command;

  @Mixin private IdentityArguments identity;

  private final Map<Setting, String> given = new LinkedHashMap<>();

  @Option(
      names = "--lanes",
      paramLabel = "LIST|N",
      description = "Devices of the lanes, such as eth1,eth2, ^docker, =eth1; or how many lanes.")
  private void lanes(String value) {
    take(Setting.LANES, "--lanes", value);
  }

  @Option(
      names = "--net",
      paramLabel = "NAME",
      description = "What moves the bytes: socket (default), plugin:NAME, ofi:PROVIDER.")
  private void net(String value) {
    take(Setting.NET, "--net", value);
  }

  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      description = "Who gets the next chunk: adaptive (default), round-robin, weighted:3,1,..")
  private void scheduler(String value) {
    take(Setting.SCHEDULER, "--scheduler", value);
  }

  @Option(
      names = "--chunk",
      paramLabel = "SIZE",
      description = "Bytes a chunk (default: as suits the network).")
  private void chunk(String value) {
    take(Setting.CHUNK, "--chunk", value);
  }

  @Option(
      names = "--wait",
      paramLabel = "block|spin",
      description = "How threads wait: asleep (default), or polling at the price of a core.")
  private void waiting(String value) {
    take(Setting.WAIT, "--wait", value);
  }

  @Option(
      names = "--on-lane-loss",
      paramLabel = "failover|fail-fast",
      description = "Go on over the other lanes (default), or fail at once.")
  private void onLaneLoss(String value) {
    take(Setting.ON_LANE_LOSS, "--on-lane-loss", value);
  }

  @Option(
      names = "--checksum",
      paramLabel = "auto|on|off",
      description = "A CRC32C with each chunk (default on); on when either end asks for it.")
  private void checksum(String value) {
    take(Setting.CHECKSUM, "--checksum", value);
  }

  @Option(
      names = "--zerocopy",
      paramLabel = "auto|on|off",
      description = "Send large chunks without a copy (default: where that pays).")
  private void zeroCopy(String value) {
    take(Setting.ZEROCOPY, "--zerocopy", value);
  }

  @Option(
      names = "--sockets",
      paramLabel = "N",
      description = "TCP connections a lane (default 1).")
  private void sockets(String value) {
    take(Setting.SOCKETS_PER_LANE, "--sockets", value);
  }

  /** Checks the value by itself, so that a wrong one is told under the name it was given by. */
  private void take(Setting setting, String option, String value) {
    try {
      LaneOptions.from(Settings.of(Map.of(setting.variable(), value)));
    } catch (HawserException e) {
      String message = e.getMessage().replace(setting.variable() + "=", option + " ");
      throw new ParameterException(command.commandLine(), message);
    }
    given.put(setting, value);
  }

  /** Says so where neither an option nor a variable does. */
  public void orElse(Setting setting, String value) {
    if (Settings.ofProcess().text(setting).isEmpty()) {
      given.putIfAbsent(setting, value);
    }
  }

  /** The defaults, changed by the variables of this process, changed by the options. */
  public LaneOptions options() {
    return LaneOptions.from(Settings.of(variables()));
  }

  /** How links are protected, and the exchange of a job's ranks. */
  public Protection protection() {
    return identity.protection();
  }

  /** The HAWSER_* variables that would say to another process what these options say. */
  public Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>(System.getenv());
    given.forEach((setting, value) -> variables.put(setting.variable(), value));
    return identity.over(variables);
  }
}
