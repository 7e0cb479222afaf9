package org.hawser.lane;

import static org.hawser.lane.Pair.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** Memory registered with a link over the real engine: who uses it, and when it can be closed. */
@Timeout(120)
class RegistrationTest {
  /** No {@code hawser_memory_kind}: every lane refuses it. */
  private static final int UNKNOWN = 3;

  private static final long BYTES = 1 << 20;

  private final Pair pair = new Pair();
  private final Link sender = pair.toRight;
  private final Link receiver = pair.toLeft;

  @AfterEach
  void close() {
    pair.close();
  }

  private static HawserException failure(Executable action) {
    return assertThrows(HawserException.class, action);
  }

  private static ErrorCode codeOf(Executable action) {
    return failure(action).code();
  }

  private long numberOf(MemorySegment segment) {
    return sender.registrations().numberFor(segment.address(), segment.byteSize());
  }

  private void exchange(MemorySegment from, MemorySegment to) {
    Transfer receive = receiver.receive(to, 7);
    Transfer send = sender.send(from, 7);
    assertEquals(from.byteSize(), send.await(SOON));
    assertEquals(from.byteSize(), receive.await(SOON));
    assertEquals(-1, from.mismatch(to));
  }

  @Test
  void registeredMemoryIsFoundBySegmentsWithinIt() {
    try (Buffer buffer = Buffer.allocate(BYTES)) {
      MemorySegment whole = buffer.segment();
      MemorySegment middle = whole.asSlice(4096, 8192);
      assertEquals(0, numberOf(middle));
      try (Registration registration = sender.register(middle)) {
        assertSame(middle, registration.segment());
        long number = numberOf(middle);
        assertNotEquals(0, number);
        assertEquals(number, numberOf(middle.asSlice(0, 1)));
        assertEquals(number, numberOf(middle.asSlice(8191, 1)));
        assertEquals(0, numberOf(whole));
        assertEquals(0, numberOf(whole.asSlice(4095, 2)));
        assertEquals(0, numberOf(whole.asSlice(4096 + 8191, 2)));
        assertEquals(0, receiver.registrations().numberFor(middle.address(), 1));
      }
      assertEquals(0, numberOf(middle));
    }
  }

  @Test
  void sendsAndReceivesCarryTheNumber() {
    try (Buffer buffer = Pair.pattern(BYTES, 1);
        Buffer other = Pair.pattern(BYTES, 2);
        Registration _ = sender.register(other.segment());
        Registration registration = sender.register(buffer.segment())) {
      long number = numberOf(registration.segment());
      sender.receive(buffer.segment().asSlice(0, 64), 9).cancel();
      assertEquals(0, lastPosted(), "a cancellation has no memory");
      sender.receive(buffer.segment().asSlice(64, 64), 9);
      assertEquals(number, lastPosted());
      sender.send(buffer.segment().asSlice(128), 7);
      assertEquals(number, lastPosted());
      sender.send(MemorySegment.NULL, 7);
      assertEquals(0, lastPosted());
      receiver.receive(other.segment(), 7).await(SOON);
      sender.close(); // ends the receive, which would keep its registration from closing
    }
  }

  /** The {@code memory} of the operation that the sender's engine was given last. */
  private long lastPosted() {
    MemorySegment engine = sender.engine.memory;
    long tail = Words.plain(engine, Layouts.offset(Layouts.ENGINE_SHARED, "op_tail"));
    long capacity =
        engine.get(ValueLayout.JAVA_INT, Layouts.offset(Layouts.ENGINE_SHARED, "op_capacity"));
    long slots = Words.plain(engine, Layouts.offset(Layouts.ENGINE_SHARED, "ops_offset"));
    long slot = slots + (tail - 1) % capacity * Layouts.OP.byteSize();
    return Words.plain(engine, slot + Layouts.offset(Layouts.OP, "memory"));
  }

  @Test
  void registeredMemoryCarriesMessagesOfEverySize() {
    try (Buffer from = Pair.pattern(4 * BYTES, 1);
        Buffer to = Buffer.allocate(4 * BYTES);
        Registration out = sender.register(from.segment());
        Registration in = receiver.register(to.segment())) {
      for (long bytes : new long[] {0, 8, 1021, 65537, BYTES + 1, 4 * BYTES}) {
        exchange(out.segment().asSlice(0, bytes), in.segment().asSlice(0, bytes));
      }
    }
    try (Buffer from = Pair.pattern(BYTES, 2);
        Buffer to = Buffer.allocate(BYTES)) {
      exchange(from.segment(), to.segment());
    }
  }

  @Test
  void closingTwiceIsClosingOnce() {
    try (Buffer buffer = Buffer.allocate(BYTES)) {
      Registration first = sender.register(buffer.segment());
      Registration second = sender.register(buffer.segment());
      first.close();
      first.close();
      assertNotEquals(0, numberOf(buffer.segment()));
      second.close();
      assertEquals(0, numberOf(buffer.segment()));
    }
  }

  @Test
  void aRegistrationInUseIsNotClosed() {
    try (Buffer buffer = Buffer.allocate(BYTES);
        Buffer other = Buffer.allocate(64)) {
      Registration registration = sender.register(buffer.segment());
      Registration unused = sender.register(other.segment());
      Transfer receive = sender.receive(buffer.segment().asSlice(100, 100), 7);
      HawserException refused = failure(registration::close);
      assertEquals(ErrorCode.REFUSED, refused.code());
      assertTrue(refused.getMessage().contains("under way"), refused::getMessage);
      assertNotEquals(0, numberOf(buffer.segment()));
      unused.close();
      receive.cancel();
      assertEquals(ErrorCode.CANCELLED, codeOf(() -> receive.await(SOON)));
      registration.close();
      assertEquals(0, numberOf(buffer.segment()));
    }
  }

  @Test
  void theLinkTakesItsRegistrationsAlong() {
    try (Buffer buffer = Buffer.allocate(BYTES)) {
      Registration registration = sender.register(buffer.segment());
      Transfer receive = sender.receive(buffer.segment(), 7);
      sender.close();
      assertEquals(ErrorCode.CLOSED, codeOf(() -> receive.await(SOON)));
      assertEquals(0, numberOf(buffer.segment()));
      registration.close();
      assertEquals(ErrorCode.CLOSED, codeOf(() -> sender.register(buffer.segment())));
    }
  }

  @Test
  void aLaneThatRefusesIsNamedAndNothingIsRegistered() {
    try (Buffer buffer = Buffer.allocate(BYTES)) {
      HawserException refused = failure(() -> sender.register(buffer.segment(), UNKNOWN));
      assertEquals(ErrorCode.UNSUPPORTED, refused.code());
      assertEquals(0, refused.lane());
      assertEquals("lo", refused.device());
      assertEquals(1, refused.rank());
      assertTrue(refused.getMessage().contains("lane 0"), refused::getMessage);
      assertEquals(0, numberOf(buffer.segment()));
      try (Registration registration = sender.register(buffer.segment())) {
        assertNotEquals(0, numberOf(registration.segment()));
      }
    }
  }

  @Test
  void memoryThatCannotBeRegisteredIsRefused() {
    assertEquals(
        ErrorCode.INVALID_ARGUMENT,
        codeOf(() -> sender.register(MemorySegment.ofArray(new byte[8]))));
    assertEquals(ErrorCode.INVALID_ARGUMENT, codeOf(() -> sender.register(MemorySegment.NULL)));
    Buffer buffer = Buffer.allocate(8);
    buffer.close();
    assertEquals(ErrorCode.INVALID_ARGUMENT, codeOf(() -> sender.register(buffer.segment())));
  }

  @Test
  void memoryWhoseArenaIsClosedIsNotFoundAnyMore() {
    Registration registration;
    long address;
    try (Arena arena = Arena.ofShared()) {
      registration = sender.register(arena.allocate(4096));
      address = registration.segment().address();
      assertNotEquals(0, sender.registrations().numberFor(address, 4096));
    }
    assertEquals(0, sender.registrations().numberFor(address, 4096));
    registration.close();
  }

  @Test
  void aBufferClosedBeforeItsRegistrationKeepsItsPages() {
    Buffer buffer = Buffer.allocate(BYTES);
    long address = buffer.segment().address();
    Registration registration = sender.register(buffer.segment());
    buffer.close();
    assertTrue(isMapped(address));
    registration.close();
    // The address may be another's by now, so the kernel cannot be asked.
    assertFalse(sender.registrations().uses(address, BYTES));
  }

  /** Whether the pages are there, as the kernel tells. */
  private static boolean isMapped(long address) {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
          .anyMatch(
              range ->
                  Long.parseUnsignedLong(range[0], 16) <= address
                      && address < Long.parseUnsignedLong(range[1], 16));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Registers and closes beside transfers with the same memory, on threads of both kinds. */
  @Test
  void registeringAndClosingBesideTransfersHarmsNoMessage() throws Exception {
    try (Buffer from = Pair.pattern(BYTES, 1);
        Buffer to = Buffer.allocate(BYTES);
        ExecutorService platform = Executors.newCachedThreadPool();
        ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> moved =
          platform.submit(
              () -> {
                for (int i = 0; i < 200; i++) {
                  exchange(from.segment(), to.segment());
                }
                return 200;
              });
      Callable<Integer> churn = () -> churn(from.segment(), moved);
      List<Future<Integer>> churns = new ArrayList<>();
      churns.add(platform.submit(churn));
      churns.add(virtual.submit(churn));
      assertEquals(200, moved.get(100, TimeUnit.SECONDS));
      for (Future<Integer> one : churns) {
        assertTrue(one.get(20, TimeUnit.SECONDS) > 0);
      }
      assertEquals(0, numberOf(from.segment()));
    }
  }

  private int churn(MemorySegment segment, Future<?> until) {
    int closed = 0;
    while (!until.isDone()) {
      Registration registration = sender.register(segment);
      while (!closes(registration)) {
        Thread.onSpinWait();
      }
      closed++;
    }
    return closed;
  }

  private static boolean closes(Registration registration) {
    try {
      registration.close();
      return true;
    } catch (HawserException e) {
      assertEquals(ErrorCode.REFUSED, e.code());
      return false;
    }
  }
}
