package org.hawser.launch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.trust.Protection;
import org.junit.jupiter.api.Test;

class LaunchersTest {
  private static final Duration SOON = Duration.ofSeconds(5);

  private static final Map<String, String> SLURM =
      Map.of(
          "SLURM_JOB_ID", "4711",
          "SLURM_STEP_ID", "2",
          "SLURM_PROCID", "0",
          "SLURM_LOCALID", "0",
          "SLURM_STEP_NUM_TASKS", "1",
          "SLURM_STEP_NODELIST", "vm");

  private static final Map<String, String> OPEN_MPI =
      Map.of(
          "OMPI_MCA_ess_base_jobid", "99",
          "OMPI_COMM_WORLD_RANK", "0",
          "OMPI_COMM_WORLD_SIZE", "1",
          "OMPI_COMM_WORLD_LOCAL_RANK", "0",
          "OMPI_COMM_WORLD_LOCAL_SIZE", "1");

  private static Map<String, String> with(Map<String, String> variables, String... more) {
    var all = new HashMap<>(variables);
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return all;
  }

  private static Map<String, String> explicit(String rank, String size, String rendezvous) {
    return Map.of("HAWSER_RANK", rank, "HAWSER_SIZE", size, "HAWSER_RENDEZVOUS", rendezvous);
  }

  private static String freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  private static String refused(Map<String, String> variables) {
    var e =
        assertThrows(HawserException.class, () -> Launch.detect(variables, Protection.LOCAL, SOON));
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code(), e::getMessage);
    return e.getMessage();
  }

  private static void assertNames(String message, String... parts) {
    for (var part : parts) {
      assertTrue(message.contains(part), () -> message + " does not name " + part);
    }
  }

  @Test
  void nobodyStartedUs() {
    assertEquals(
        Optional.empty(),
        Launch.detect(Map.of("PATH", "/bin", "HAWSER_RANK", ""), Protection.LOCAL, SOON));
  }

  @Test
  void aBatchScriptIsNoRank() {
    var batch = Map.of("SLURM_JOB_ID", "1", "SLURM_PROCID", "0", "SLURM_NTASKS", "4");
    assertEquals(Optional.empty(), Launch.detect(batch, Protection.LOCAL, SOON));
  }

  @Test
  void readsTheExplicitVariables() throws IOException {
    try (var launch =
        Launch.detect(explicit("0", "1", freePort()), Protection.LOCAL, SOON).orElseThrow()) {
      assertEquals("explicit", launch.name());
      assertEquals("HAWSER_RANK is set", launch.reason());
      assertEquals(0, launch.rank());
      assertEquals(1, launch.size());
    }
  }

  @Test
  void readsSlurmsVariables() {
    try (var launch = Launch.detect(SLURM, Protection.LOCAL, SOON).orElseThrow()) {
      assertEquals("slurm", launch.name());
      assertEquals("4711.2", launch.jobId());
    }
  }

  @Test
  void readsOpenMpisVariables() {
    try (var launch = Launch.detect(OPEN_MPI, Protection.LOCAL, SOON).orElseThrow()) {
      assertEquals("openmpi", launch.name());
      assertEquals("99", launch.jobId());
    }
  }

  @Test
  void theExplicitVariablesGoBeforeSlurms() throws IOException {
    var both = with(SLURM, "HAWSER_RANK", "0", "HAWSER_SIZE", "1", "HAWSER_RENDEZVOUS", freePort());
    try (var launch = Launch.detect(both, Protection.LOCAL, SOON).orElseThrow()) {
      assertEquals("explicit", launch.name());
    }
    // A port of its own: the one before may not be free again yet.
    var slurm = with(both, "HAWSER_LAUNCHER", "slurm", "HAWSER_RENDEZVOUS", freePort());
    try (var launch = Launch.detect(slurm, Protection.LOCAL, SOON).orElseThrow()) {
      assertEquals("slurm", launch.name());
      assertEquals("HAWSER_LAUNCHER=slurm", launch.reason());
    }
  }

  @Test
  void whatContradictsItselfIsNamed() {
    assertNames(refused(explicit("two", "3", "h:1")), "HAWSER_RANK=two");
    assertNames(refused(explicit("-1", "3", "h:1")), "HAWSER_RANK=-1");
    assertNames(refused(explicit("3", "3", "h:1")), "rank 3 of 3");
    assertNames(refused(Map.of("HAWSER_RANK", "0")), "HAWSER_SIZE");
    assertNames(
        refused(with(Map.of(), "HAWSER_RANK", "0", "HAWSER_SIZE", "2")), "HAWSER_RENDEZVOUS");
    for (var address : new String[] {"host", "host:", ":1", "host:0", "host:65536", "host:http"}) {
      assertNames(refused(explicit("0", "1", address)), "HAWSER_RENDEZVOUS=" + address);
    }
    assertNames(refused(Map.of("HAWSER_LAUNCHER", "pbs")), "HAWSER_LAUNCHER=pbs", "slurm");
    assertNames(refused(Map.of("HAWSER_LAUNCHER", "pmix")), "PMIX_RANK");
  }

  @Test
  void openMpiAcrossHostsNeedsToBeToldWhereRankZeroIs() {
    var wide = with(OPEN_MPI, "OMPI_COMM_WORLD_SIZE", "4");
    assertNames(refused(wide), "rank 0 of 4", "-x HAWSER_RENDEZVOUS", "libpmix2");
  }

  @Test
  void anAddressMayBeIpv6() {
    assertEquals(new RendezvousAddress("::1", 80, "::1"), RendezvousAddress.parse("[::1]:80"));
  }

  @Test
  void valuesAndArgumentsAreBounded() throws IOException {
    try (var launch =
        Launch.detect(explicit("0", "1", freePort()), Protection.LOCAL, SOON).orElseThrow()) {
      invalid(() -> launch.put("k", new byte[Launch.MAX_VALUE_BYTES + 1]));
      invalid(() -> launch.put("", new byte[1]));
      invalid(() -> launch.put("a b", new byte[1]));
      invalid(() -> launch.put("k".repeat(Launch.MAX_KEY_LENGTH + 1), new byte[1]));
      invalid(() -> launch.get(1, "k", SOON));
      invalid(() -> launch.fence(Duration.ZERO));
      launch.put("k", new byte[] {1, 2});
      launch.put("empty", new byte[0]);
      launch.commit();
      launch.fence(SOON);
      assertArrayEquals(new byte[] {1, 2}, launch.get(0, "k", SOON));
      assertArrayEquals(new byte[0], launch.get(0, "empty", SOON));
    }
  }

  private static void invalid(Runnable call) {
    var e = assertThrows(HawserException.class, call::run);
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
    assertNames(e.getMessage(), "rank 0 of 1");
  }
}
