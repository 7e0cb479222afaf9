package org.hawser.cli.stat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.stat.ProcessStat.State;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.NativeStat;
import org.hawser.ffi.StatLayouts;
import org.hawser.lane.Lanes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** This process's own file, as it is and as somebody has spoilt it. */
class StatFileTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;

  private byte[] good;

  @BeforeEach
  void takeOwnFile() throws Exception {
    try (var _ = Lanes.open()) {
      var file = NativeStat.file();
      assumeTrue(file.isPresent(), "HAWSER_STAT_DIR is off");
      good = Files.readAllBytes(file.get());
    }
  }

  private Path write(byte[] bytes) throws Exception {
    return Files.write(folder.resolve("file.hawser"), bytes);
  }

  private HawserException refused(byte[] bytes) throws Exception {
    Path path = write(bytes);
    return assertTimeoutPreemptively(
        LIMIT, () -> assertThrows(HawserException.class, () -> StatFile.read(path)));
  }

  private byte[] with(String field, long add, long value) {
    byte[] bytes = good.clone();
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong((int) (Layouts.offset(StatLayouts.HEADER, field) + add), value);
    return bytes;
  }

  @Test
  void ownFileTellsOfThisProcess() throws Exception {
    ProcessStat self = StatFile.read(write(good));
    assertEquals(ProcessHandle.current().pid(), self.pid());
    assertEquals(State.RUNNING, self.state());
    assertEquals("java", self.program());
    assertTrue(
        Processes.all().stream().anyMatch(process -> process.pid() == self.pid()),
        "found in its folder");
  }

  @Test
  void whatIsNoFileIsRefusedWithTheReason() throws Exception {
    assertTrue(refused(new byte[0]).getMessage().contains("0 bytes"));
    assertTrue(refused(Arrays.copyOf(good, good.length / 2)).getMessage().contains("bytes of"));
    assertTrue(refused(with("magic", 0, 42)).getMessage().contains("begins with"));
    assertEquals(ErrorCode.VERSION_MISMATCH, refused(with("version", 0, 99)).code());
    assertThrows(HawserException.class, () -> StatFile.read(folder));
    assertThrows(HawserException.class, () -> StatFile.read(folder.resolve("none")));
  }

  @Test
  void tablesOutsideOfTheFileAreRefused() throws Exception {
    for (String table : new String[] {"links", "lanes", "ports", "waits", "errors", "events"}) {
      for (long offset : new long[] {-8, 0, 1L << 40, Long.MAX_VALUE - 7, good.length}) {
        assertTrue(refused(with(table, 0, offset)).getMessage().contains(table));
      }
      // Rows of one byte, none, and more than can be.
      for (long shape : new long[] {1, 1L << 32, -1L, 0xFFFFFFFFL}) {
        assertTrue(refused(with(table, 8, shape)).getMessage().contains(table));
      }
    }
  }

  @Test
  void anyBytesEndInAnErrorOrAnAnswerAndNothingSteersTheTerminal() throws Exception {
    var random = new Random(8);
    int header = (int) StatLayouts.HEADER.byteSize();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int round = 0; round < 300; round++) {
            byte[] bytes = good.clone();
            for (int change = 0; change < 40; change++) {
              // Beyond the version: else all are refused for that.
              bytes[24 + random.nextInt(header - 24)] = (byte) random.nextInt();
              bytes[header + random.nextInt(bytes.length - header)] = (byte) random.nextInt();
            }
            try {
              ProcessStat stat = StatFile.read(write(bytes));
              assertFalse(stat.toString().contains("\u001b"), "an escape is left");
            } catch (HawserException e) {
              assertTrue(e.code() == ErrorCode.IO || e.code() == ErrorCode.VERSION_MISMATCH);
            }
          }
        });
  }
}
