package org.hawser.lane;

import static org.hawser.lane.Pair.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Jvm;
import org.hawser.base.Words;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two JVMs, as in use. The other one runs {@link #main}: it sends back what it gets, until the link
 * closes.
 */
@Timeout(180)
class TwoProcessTest {
  private static final Duration LONG = Duration.ofSeconds(120);

  /** Arguments: the port to connect to, and the most bytes a message has. */
  public static void main(String[] arguments) {
    try (Lanes lanes = Lanes.open(Pair.OPTIONS.withRank(1));
        Link link = lanes.connect("127.0.0.1", Integer.parseInt(arguments[0]), SOON);
        Buffer buffer = lanes.allocate(Long.parseLong(arguments[1]))) {
      while (true) {
        long bytes = link.receive(buffer.segment(), 1).await(LONG);
        link.send(buffer.segment().asSlice(0, bytes), 2).await(LONG);
      }
    } catch (HawserException e) {
      if (e.code() != ErrorCode.CLOSED) {
        throw e;
      }
    }
  }

  private static Process echo(int port, long bytes) throws IOException {
    return Jvm.start(TwoProcessTest.class, Integer.toString(port), Long.toString(bytes));
  }

  @ParameterizedTest
  @EnumSource(WaitMode.class)
  void messagesGoThereAndBack(WaitMode mode) throws Exception {
    Process process;
    try (Lanes lanes = Lanes.open(Pair.OPTIONS.withRank(0).withWaitMode(mode));
        LaneServer server = lanes.listen("127.0.0.1", 0);
        Buffer from = Pair.pattern(32 << 20, 5);
        Buffer to = Buffer.allocate(32 << 20)) {
      process = echo(server.port(), 32 << 20);
      try (Link link = server.accept(SOON)) {
        for (long bytes = 0; bytes <= 32 << 20; bytes = bytes * 3 + 1) {
          Transfer receive = link.receive(to.segment(), 2);
          link.send(from.segment().asSlice(0, bytes), 1).await(SOON);
          assertEquals(bytes, receive.await(SOON));
          assertEquals(
              -1, to.segment().asSlice(0, bytes).mismatch(from.segment().asSlice(0, bytes)));
        }
      }
      assertEquals(0, server.strangers());
    }
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the other side did not see the close");
    assertEquals(0, process.exitValue());
  }

  @Test
  void aPeerThatIsKilledFailsTheLinkInTime() throws Exception {
    var options = Pair.OPTIONS.withRank(0).withLinkTimeout(Duration.ofSeconds(1));
    try (Lanes lanes = Lanes.open(options);
        LaneServer server = lanes.listen("127.0.0.1", 0);
        Buffer memory = Buffer.allocate(1 << 20)) {
      Process process = echo(server.port(), 1 << 20);
      Link link = server.accept(SOON);
      Transfer receive = link.receive(memory.segment(), 2);
      process.destroyForcibly().waitFor();
      long before = System.nanoTime();
      var failure = assertThrows(HawserException.class, () -> receive.await(SOON));
      assertEquals(ErrorCode.LINK_FAILED, failure.code());
      assertEquals(1, failure.rank());
      assertTrue(failure.getMessage().contains("lane"), failure::getMessage);
      assertTrue(System.nanoTime() - before < 10_000_000_000L);
      link.close();
    }
  }

  @Test
  void aMessageAboveFourGibibytesArrivesWhole() throws Exception {
    long bytes = 5L << 30;
    long needed = 2 * bytes + (1L << 30);
    long free = availableMemory();
    assumeTrue(free > needed, "needs %d bytes of free memory, has %d".formatted(needed, free));
    try (var pair = new Pair();
        Buffer from = Buffer.allocate(bytes);
        Buffer to = Buffer.allocate(bytes)) {
      // Marks around every place where 32 bits would wrap, and at both ends; the rest is sparse.
      long[] marks = {0, (1L << 31) - 8, 1L << 31, (1L << 32) - 8, 1L << 32, bytes - 8};
      for (long mark : marks) {
        Words.setPlain(from.segment(), mark, mark + 1);
      }
      Transfer receive = pair.toLeft.receive(to.segment(), 1);
      pair.toRight.send(from.segment(), 1).await(LONG);
      assertEquals(bytes, receive.await(LONG));
      for (long mark : marks) {
        assertEquals(mark + 1, Words.plain(to.segment(), mark));
      }
      assertEquals(-1, to.segment().mismatch(from.segment()));
    }
  }

  private static long availableMemory() throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("MemAvailable:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(0);
  }
}
