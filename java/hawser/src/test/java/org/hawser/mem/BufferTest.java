package org.hawser.mem;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;

class BufferTest {
  @Test
  void aBufferIsZeroedAndStartsOnAPage() {
    try (Buffer buffer = Buffer.allocate(1_000_000)) {
      assertEquals(0, buffer.segment().address() % 4096);
      assertEquals(1_000_000, buffer.bytes());
      assertEquals(0, buffer.segment().get(JAVA_LONG, 999_992));
    }
  }

  @Test
  void sizesBelowOneAndBeyondTheMachineAreRefused() {
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal(0));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal(-1));
    assertEquals(ErrorCode.OUT_OF_MEMORY, refusal(1L << 60));
  }

  private static ErrorCode refusal(long bytes) {
    return assertThrows(HawserException.class, () -> Buffer.allocate(bytes)).code();
  }

  @Test
  void closingGivesThePagesBackAndEndsTheSegment() throws Exception {
    Buffer buffer = Buffer.allocate(1 << 20);
    long address = buffer.segment().address();
    assertEquals(true, isMapped(address));
    buffer.close();
    buffer.close();
    assertFalse(isMapped(address));
    assertThrows(IllegalStateException.class, () -> buffer.segment().get(JAVA_LONG, 0));
  }

  @Test
  void pagesInUseStayUntilTheirUserIsDone() throws Exception {
    Buffer buffer = Buffer.allocate(1 << 20);
    long start = buffer.segment().address();
    var using = new AtomicBoolean(true);
    MemoryUser user = (address, bytes) -> using.get() && address == start && bytes == 1 << 20;
    MemoryUsers.add(user);
    try {
      buffer.close();
      assertEquals(true, isMapped(start));
      MemoryUsers.released();
      assertEquals(true, isMapped(start));
      using.set(false);
      MemoryUsers.released();
      assertFalse(isMapped(start));
    } finally {
      MemoryUsers.remove(user);
    }
  }

  /** Whether any mapping of this process covers the address. */
  private static boolean isMapped(long address) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
        .anyMatch(
            range ->
                Long.parseUnsignedLong(range[0], 16) <= address
                    && address < Long.parseUnsignedLong(range[1], 16));
  }
}
