package org.hawser.cli.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.cli.common.PeerProcess;

/** A lab of {@code scripts/lab} under a name of its own: hosts a and b, joined by eth1 to eth4. */
final class Lab implements AutoCloseable {
  /** Where host b can be reached by host a. */
  static final String HOST_B = "10.77.1.2";

  private static final long TRAFFIC_BYTES = 4 << 20;
  private static final long WARM_UP_MS = 1500;

  private static final Path SCRIPT = Path.of("..", "..", "scripts", "lab").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int IMPOSSIBLE = 77;

  private final Map<String, String> name =
      Map.of("HAWSER_LAB", "hwt" + ProcessHandle.current().pid());

  /** Makes it; the test is skipped where the machine permits none. */
  static Lab up(String rate) throws Exception {
    var lab = new Lab();
    var outcome = lab.run("up", "--rate", rate);
    if (outcome.exit() == IMPOSSIBLE) {
      System.out.println("skipped: " + outcome.err());
    }
    assumeTrue(outcome.exit() != IMPOSSIBLE, outcome.err());
    assertEquals(0, outcome.exit(), outcome::toString);
    return lab;
  }

  private Cli.Outcome run(String... verb) throws Exception {
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
    command.addAll(List.of(verb));
    try (var cli = Cli.start(name, command)) {
      return cli.await(LIMIT);
    }
  }

  void cut(int lane, String how) throws Exception {
    succeed("cut", Integer.toString(lane), how);
  }

  void heal(int lane) throws Exception {
    succeed("heal", Integer.toString(lane));
  }

  /** Bytes that a host's devices have sent, as its kernel counts them; eth1 first. */
  long[] sent(String side) throws Exception {
    JsonNode devices = succeed("bytes").json().getFirst().get(side);
    long[] bytes = new long[4];
    for (int lane = 0; lane < bytes.length; lane++) {
      bytes[lane] = devices.get("eth" + (lane + 1)).get("tx").asLong();
    }
    return bytes;
  }

  /**
   * Waits until a command of host a sends over all lanes, and its warm-up is over: how long it
   * takes to start depends on the machine.
   */
  void awaitTraffic() throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (Arrays.stream(sent("a")).min().orElseThrow() < TRAFFIC_BYTES) {
      assertTrue(System.nanoTime() < deadline, "no traffic within " + LIMIT);
      Thread.sleep(50);
    }
    Thread.sleep(WARM_UP_MS);
  }

  private Cli.Outcome succeed(String... verb) throws Exception {
    var outcome = run(verb);
    assertEquals(0, outcome.exit(), outcome::toString);
    return outcome;
  }

  /** Starts {@code hawser ARGUMENTS} on host a or b. */
  Cli start(String side, Map<String, String> variables, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString(), "exec", side));
    command.addAll(PeerProcess.command(List.of(arguments)));
    Map<String, String> all = new HashMap<>(variables);
    all.putAll(name);
    return Cli.start(all, command);
  }

  @Override
  public void close() throws IOException {
    try {
      run("down");
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
