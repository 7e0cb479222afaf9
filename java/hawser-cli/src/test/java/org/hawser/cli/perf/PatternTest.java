package org.hawser.cli.perf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What "verified" rests on: every kind of wrong data is noticed. */
class PatternTest {
  @ParameterizedTest
  @ValueSource(ints = {9, 15, 16, 17, 64, 4099})
  void everyWrongByteIsFound(int bytes) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(bytes);
      Pattern.fill(message, 3);
      assertEquals(-1, Pattern.firstWrong(message, 3));
      for (int at = 8; at < bytes; at++) {
        byte right = message.get(JAVA_BYTE, at);
        message.set(JAVA_BYTE, at, (byte) (right + 1));
        long unit = at < bytes / 8 * 8 ? at / 8 * 8 : at;
        assertEquals(unit, Pattern.firstWrong(message, 3));
        message.set(JAVA_BYTE, at, right);
      }
    }
  }

  @Test
  void clearedMemoryAndAnotherPlacesMessageAreWrong() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(4096);
      assertEquals(8, Pattern.firstWrong(message, 0));
      Pattern.fill(message, 1);
      assertEquals(8, Pattern.firstWrong(message, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 100})
  void lostDoubledSwappedAndShortMessagesAreNoticed(int bytes) {
    assertNull(wrongAfter(bytes, 0, 1, 2, 3));
    assertNotNull(wrongAfter(bytes, 0, 2));
    assertNotNull(wrongAfter(bytes, 0, 0));
    assertNotNull(wrongAfter(bytes, 1, 0));
    try (var arena = Arena.ofConfined()) {
      var arrivals = new Arrivals(bytes, new Clock(() -> {}));
      MemorySegment message = arena.allocate(bytes);
      Pattern.writeHeader(message, Pattern.header(0, Phase.WARM_UP));
      arrivals.take(Pattern.readHeader(message), bytes - 1);
      assertNotNull(arrivals.wrong());
    }
  }

  private static String wrongAfter(int bytes, long... numbers) {
    try (var arena = Arena.ofConfined()) {
      var arrivals = new Arrivals(bytes, new Clock(() -> {}));
      MemorySegment message = arena.allocate(bytes);
      for (long number : numbers) {
        Pattern.writeHeader(message, Pattern.header(number, Phase.WARM_UP));
        assertEquals(Phase.WARM_UP, arrivals.take(Pattern.readHeader(message), bytes));
      }
      return arrivals.wrong();
    }
  }

  @Test
  void wrongProofIsNoticed() {
    try (var arena = Arena.ofConfined()) {
      var arrivals = new Arrivals(64, new Clock(() -> {}));
      MemorySegment message = arena.allocate(64);
      Pattern.fill(message, 5);
      Pattern.writeHeader(message, Pattern.header(0, Phase.PROOF));
      assertEquals(Phase.PROOF, arrivals.take(Pattern.readHeader(message), 64));
      arrivals.prove(Pattern.firstWrong(message, 5));
      assertNull(arrivals.wrong());
      message.set(JAVA_BYTE, 40, (byte) (message.get(JAVA_BYTE, 40) ^ 1));
      arrivals.prove(Pattern.firstWrong(message, 5));
      assertNotNull(arrivals.wrong());
    }
  }
}
