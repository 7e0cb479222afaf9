package org.hawser.spu;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import org.hawser.comm.Communicator;
import org.hawser.comm.LaneWorld;
import org.hawser.comm.World;
import org.hawser.ffi.RequiresSpu;
import org.hawser.link.LinkMode;
import org.hawser.spu.program.ProgramTable;
import org.hawser.spu.program.ProgramTable.Case;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What carries a program's messages makes no difference to what it computes. */
@RequiresSpu
@Timeout(300)
class ProtocolsTest {
  @ParameterizedTest
  @CsvSource({
    "REF2K, 2",
    "REF2K, 3",
    "SEMI2K, 2",
    "SEMI2K, 3",
    "ABY3, 3",
    "SECURENN, 3",
    "CHEETAH, 2"
  })
  void everyLinkGivesTheSame(Protocol protocol, int parties) throws IOException {
    RuntimeConfig config = RuntimeConfig.of(protocol, Field.FM64);
    SessionOptions options = SessionOptions.DEFAULT.withId("protocols-" + protocol);
    List<Case> cases = cases(protocol);
    List<List<Tensor>> mem;
    try (var threads = World.ofThreads(parties)) {
      mem = run(threads, cases, config, options.withLinkMode(LinkMode.MEM));
    }
    for (int i = 0; i < cases.size(); i++) {
      cases.get(i).check(mem.get(i));
    }
    try (var threads = World.ofThreads(parties)) {
      assertSame(protocol, "threads", cases, mem, run(threads, cases, config, options));
    }
    try (var lanes = new LaneWorld(parties)) {
      assertSame(protocol, "lanes", cases, mem, run(lanes, cases, config, options));
    }
    try (var threads = World.ofThreads(parties)) {
      SessionOptions brpc = options.withBrpc(freeAddresses(parties));
      assertSame(protocol, "brpc", cases, mem, run(threads, cases, config, brpc));
    }
  }

  /** Approximations are made of what the others use, and take CHEETAH as long as all of these. */
  private static List<Case> cases(Protocol protocol) {
    return ProgramTable.cases().stream()
        .filter(line -> protocol != Protocol.CHEETAH || !line.isApproximate())
        .toList();
  }

  /** All programs over one link: what rank 0 got. */
  private static List<List<Tensor>> run(
      World world, List<Case> cases, RuntimeConfig config, SessionOptions options) {
    List<Integer> parties = world.ranks().stream().map(Communicator::rank).toList();
    var run = new SimulatedRun<List<List<Tensor>>>(world.ranks(), parties, config, options);
    return run.run(session -> ProgramTable.runAll(session, cases)).getFirst();
  }

  /**
   * REF2K gives the same bits always, and so does every protocol for whole numbers and truth
   * values. Others round fixed-point numbers by their random shares.
   */
  private static void assertSame(
      Protocol protocol,
      String link,
      List<Case> cases,
      List<List<Tensor>> mem,
      List<List<Tensor>> results) {
    for (int i = 0; i < cases.size(); i++) {
      Case line = cases.get(i);
      for (int output = 0; output < mem.get(i).size(); output++) {
        Tensor expected = mem.get(i).get(output);
        boolean exact = protocol == Protocol.REF2K || !expected.type().isFloating();
        ProgramTable.assertClose(
            "%s over %s: %s, output %d".formatted(protocol, link, line, output),
            expected,
            results.get(i).get(output),
            exact ? 0 : line.tolerance());
      }
    }
  }

  private static List<String> freeAddresses(int count) throws IOException {
    var sockets = new ArrayList<ServerSocket>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(socket -> "127.0.0.1:" + socket.getLocalPort()).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }
}
