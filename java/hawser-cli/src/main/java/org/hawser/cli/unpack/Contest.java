package org.hawser.cli.unpack;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.Memory;
import org.hawser.mem.UnpackBatch;
import org.hawser.mem.Unpacker;
import org.hawser.mem.Unpacker.Executor;

/** One executor against its own plain copy. */
final class Contest implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Until the memory is there, the threads run, and this class is compiled. */
  private static final int WARM_UP = 2;

  private final Unpacker unpacker;
  private final long bytes;
  private final Buffer expected;
  private final Memory source;
  private final Memory destination;

  private Contest(
      Unpacker unpacker, long bytes, Buffer expected, Memory source, Memory destination) {
    this.unpacker = unpacker;
    this.bytes = bytes;
    this.expected = expected;
    this.source = source;
    this.destination = destination;
    var random = new SplittableRandom(bytes);
    byte[] block = new byte[1 << 16];
    for (long at = 0; at < bytes; at += block.length) {
      random.nextBytes(block);
      int length = (int) Math.min(block.length, bytes - at);
      MemorySegment.copy(MemorySegment.ofArray(block), 0, expected.segment(), at, length);
    }
    source.write(0, expected.segment());
  }

  static Contest host(int threads, long bytes) {
    Buffer source = Buffer.allocate(bytes);
    return new Contest(Unpacker.host(threads), bytes, source, source, Buffer.allocate(bytes));
  }

  static Contest gpu(Executor executor, int gpu, long bytes) {
    return new Contest(
        Unpacker.gpu(executor, gpu),
        bytes,
        Buffer.allocate(bytes),
        DeviceBuffer.allocate(gpu, bytes),
        DeviceBuffer.allocate(gpu, bytes));
  }

  /** Unpacks and copies in turns, so that both meet the same load of the machine. */
  UnpackResult run(long fragment, int rounds) {
    var layout = new Layout(fragment, bytes);
    List<UnpackBatch> batches = layout.batches();
    double[] unpacked = new double[rounds];
    double[] copied = new double[rounds];
    for (int round = -WARM_UP; round < rounds; round++) {
      double copy = rate(() -> unpacker.plainCopy(source, destination, bytes, LIMIT));
      double unpack = rate(() -> unpack(batches));
      if (round >= 0) {
        unpacked[round] = unpack;
        copied[round] = copy;
      }
    }
    verify(layout);
    return UnpackResult.of(unpacker.executor(), fragment, bytes, median(unpacked), median(copied));
  }

  private long unpack(List<UnpackBatch> batches) {
    long ticket = 0;
    for (UnpackBatch batch : batches) {
      ticket = unpacker.start(batch, source, destination, LIMIT);
    }
    return ticket;
  }

  /** Starts something, and returns the ticket of its end. */
  @FunctionalInterface
  private interface Work {
    long start();
  }

  /** In bytes a nanosecond, which are GB/s. */
  private double rate(Work work) {
    long start = System.nanoTime();
    unpacker.await(work.start(), LIMIT);
    return (double) bytes / (System.nanoTime() - start);
  }

  private static double median(double[] rates) {
    Arrays.sort(rates);
    return rates[rates.length / 2];
  }

  private void verify(Layout layout) {
    try (Buffer found = Buffer.allocate(bytes)) {
      destination.read(0, found.segment());
      layout.verify(expected.segment(), found.segment());
    }
  }

  @Override
  public void close() {
    unpacker.close();
    destination.close();
    source.close();
    expected.close();
  }
}
