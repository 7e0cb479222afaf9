package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.LaneCommunicator;
import org.hawser.ffi.RequiresSpu;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two parties in this process and one in another, which runs {@link #main} and dies of it. */
@RequiresSpu
@Timeout(100)
class SessionProcessTest {
  private static final RuntimeConfig ABY3 = RuntimeConfig.of(Protocol.ABY3, Field.FM64);
  private static final RuntimeConfig SEMI2K = RuntimeConfig.of(Protocol.SEMI2K, Field.FM64);
  private static final LaneOptions LANES =
      LaneOptions.defaults().withLanes("=lo,lo").withLinkTimeout(Duration.ofSeconds(1));
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final SessionOptions OPTIONS = SessionOptions.DEFAULT.withTimeout(SOON);
  private static final int ELEMENTS = 8;
  private static final int DEAD = 7;

  /** Rank 2. Arguments: where ranks 0 and 1 listen. Prints the port it listens on itself. */
  public static void main(String[] arguments) {
    try (Lanes lanes = Lanes.open(LANES.withRank(2));
        LaneServer server = lanes.listen("127.0.0.1", 0)) {
      System.out.println(server.port());
      List<String> addresses = List.of(arguments[0], arguments[1], "127.0.0.1:" + server.port());
      try (var communicator = LaneCommunicator.connect(lanes, server, addresses, SOON)) {
        var dying = new FaultyCommunicator(communicator, () -> Runtime.getRuntime().halt(DEAD));
        compute(dying, () -> dying.failAfter(2));
      }
    }
  }

  private static Tensor compute(Communicator communicator, Runnable beforeTheProgram) {
    try (var session = Session.open(communicator, List.of(0, 1, 2), ABY3, OPTIONS)) {
      Tensor input = Tensor.of(new float[ELEMENTS], ELEMENTS);
      session.input("x", 0, input);
      session.input("y", 2, input);
      beforeTheProgram.run();
      session.run(SpuCompiler.compile(Programs.compare(ELEMENTS)));
      return session.revealToAll("z");
    }
  }

  @Test
  void aKilledPartyIsNamedAndTheOthersGoOn() throws Exception {
    try (Lanes first = Lanes.open(LANES.withRank(0));
        Lanes second = Lanes.open(LANES.withRank(1));
        LaneServer firstServer = first.listen("127.0.0.1", 0);
        LaneServer secondServer = second.listen("127.0.0.1", 0)) {
      String firstAddress = "127.0.0.1:" + firstServer.port();
      String secondAddress = "127.0.0.1:" + secondServer.port();
      Process third = start(firstAddress, secondAddress);
      try (var output = third.inputReader()) {
        List<String> addresses =
            List.of(firstAddress, secondAddress, "127.0.0.1:" + output.readLine());
        List<LaneCommunicator> communicators =
            Ranks.both(
                () -> LaneCommunicator.connect(first, firstServer, addresses, SOON),
                () -> LaneCommunicator.connect(second, secondServer, addresses, SOON));

        List<Future<Tensor>> ended =
            Ranks.settle(communicators, communicator -> compute(communicator, () -> {}));

        assertTrue(third.waitFor(20, TimeUnit.SECONDS));
        assertEquals(DEAD, third.exitValue());
        for (Future<Tensor> each : ended) {
          var failure = assertInstanceOf(HawserException.class, Ranks.thrown(each));
          assertEquals(ErrorCode.LINK_FAILED, failure.code(), failure.getMessage());
          assertEquals(2, failure.rank(), failure.getMessage());
          assertTrue(failure.getMessage().contains("program compare"), failure.getMessage());
        }
        Tensor data = Tensor.of(new int[] {1, 2, 3}, 3);
        List<Tensor> again =
            Ranks.run(
                communicators,
                communicator -> {
                  try (var session =
                      Session.open(communicator, List.of(0, 1), SEMI2K, OPTIONS.withId("again"))) {
                    session.input("x", 1, data);
                    return session.reveal("x", List.of(0, 1)).orElseThrow();
                  }
                });
        assertEquals(List.of(data, data), again);
        communicators.forEach(LaneCommunicator::close);
      } finally {
        third.destroyForcibly();
      }
    }
  }

  private static Process start(String... arguments) throws IOException {
    var command =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            home(Session.class) + ":" + home(SessionProcessTest.class),
            SessionProcessTest.class.getName());
    command.command().addAll(List.of(arguments));
    return command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Classes and tests are one module when they run, from two places. */
  private static Path home(Class<?> type) {
    String file = type.getName().replace('.', '/') + ".class";
    String url = type.getResource("/" + file).getPath();
    return Path.of(url.substring(0, url.length() - file.length()));
  }
}
