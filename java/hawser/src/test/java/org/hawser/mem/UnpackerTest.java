package org.hawser.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Random;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.Unpacker.Executor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class UnpackerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int BYTES = 3 << 20;

  /** Fragments of many sizes against a plain loop, between memories of the executor's kind. */
  private static void expectRight(Unpacker unpacker, Memory source, Memory destination) {
    var random = new Random(1);
    byte[] content = new byte[BYTES];
    random.nextBytes(content);
    byte[] expected = new byte[BYTES];
    try (Buffer staging = Buffer.allocate(BYTES)) {
      staging.segment().copyFrom(MemorySegment.ofArray(content));
      source.write(0, staging.segment());
      var batch = new UnpackBatch();
      long ticket = 0;
      for (int to = 0; to < BYTES; ) {
        int length = Math.min(1 + random.nextInt(3000), BYTES - to);
        int from = random.nextInt(BYTES - length + 1);
        System.arraycopy(content, from, expected, to, length);
        batch.add(from, length, to);
        to += length;
        if (batch.count() == 1000 || to == BYTES) {
          ticket = unpacker.start(batch, source, destination, LIMIT);
          batch.clear();
        }
      }
      unpacker.await(ticket, LIMIT);
      assertTrue(unpacker.completed(ticket));
      destination.read(0, staging.segment());
      assertEquals(-1, staging.segment().mismatch(MemorySegment.ofArray(expected)));
    }
  }

  @Test
  void theHostUnpacks() {
    try (var unpacker = Unpacker.host(2);
        var source = Buffer.allocate(BYTES);
        var destination = Buffer.allocate(BYTES)) {
      expectRight(unpacker, source, destination);
    }
  }

  @Tag("gpu")
  @ParameterizedTest
  @EnumSource(names = {"COPY", "KERNEL"})
  void aGpuUnpacks(Executor executor) {
    assumeTrue(DeviceBuffer.gpus() > 0, "there is no GPU");
    try (var unpacker = Unpacker.gpu(executor, 0);
        var source = DeviceBuffer.allocate(0, BYTES);
        var destination = DeviceBuffer.allocate(0, BYTES)) {
      expectRight(unpacker, source, destination);
    }
  }

  @Test
  void aPlainCopyIsOne() {
    try (var unpacker = Unpacker.host(0);
        var source = Buffer.allocate(BYTES);
        var destination = Buffer.allocate(BYTES)) {
      source.segment().fill((byte) 7);
      unpacker.await(unpacker.plainCopy(source, destination, BYTES, LIMIT), LIMIT);
      assertEquals(-1, source.segment().mismatch(destination.segment()));
      assertEquals(
          ErrorCode.INVALID_ARGUMENT,
          refusal(() -> unpacker.plainCopy(source, destination, BYTES + 1, LIMIT)).code());
    }
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeAnythingIsWritten() {
    try (var unpacker = Unpacker.host(1);
        var source = Buffer.allocate(100);
        var destination = Buffer.allocate(100)) {
      source.segment().fill((byte) 1);
      var batch = new UnpackBatch().add(0, 50, 0).add(0, 51, 50);
      HawserException beyond = refusal(() -> unpacker.start(batch, source, destination, LIMIT));
      assertEquals(ErrorCode.INVALID_ARGUMENT, beyond.code());
      assertTrue(
          beyond.getMessage().contains("reaches beyond its destination of 100 bytes"),
          beyond::getMessage);
      batch.clear();
      batch.add(0, 50, 0).add(0, 50, 49);
      HawserException twice = refusal(() -> unpacker.start(batch, source, destination, LIMIT));
      assertTrue(twice.getMessage().contains("write the same bytes"), twice::getMessage);
      assertEquals(-1, destination.segment().mismatch(MemorySegment.ofArray(new byte[100])));
    }
  }

  @Test
  void aBatchHasBounds() {
    var batch = new UnpackBatch();
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal(() -> batch.add(1L << 32, 1, 0)).code());
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal(() -> batch.add(0, -1, 0)).code());
    for (int i = 0; i < UnpackBatch.MAX; i++) {
      batch.add(i, 1, i);
    }
    assertTrue(refusal(() -> batch.add(0, 1, 0)).getMessage().contains("2048"));
  }

  @Test
  void whatIsClosedIsRefused() {
    var unpacker = Unpacker.host(1);
    var source = Buffer.allocate(100);
    source.close();
    try (var destination = Buffer.allocate(100)) {
      var batch = new UnpackBatch().add(0, 1, 0);
      assertEquals(
          ErrorCode.CLOSED,
          refusal(() -> unpacker.start(batch, source, destination, LIMIT)).code());
      unpacker.close();
      unpacker.close();
      assertEquals(ErrorCode.CLOSED, refusal(() -> unpacker.completed(1)).code());
    }
  }

  @Test
  void anExecutorThatIsNotThereSaysWhy() {
    assumeTrue(DeviceBuffer.gpus() == 0, "there is a GPU");
    HawserException absent = refusal(() -> Unpacker.gpu(Executor.KERNEL, 0));
    assertEquals(ErrorCode.UNSUPPORTED, absent.code());
    assertTrue(absent.getMessage().contains("CUDA"), absent::getMessage);
  }

  private static HawserException refusal(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(HawserException.class, call);
  }
}
