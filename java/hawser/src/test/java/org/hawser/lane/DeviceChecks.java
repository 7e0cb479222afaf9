package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.hawser.lane.Pair.SOON;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.DmaBuf;
import org.hawser.mem.Memory;

/**
 * What links do with memory of a GPU, whichever driver there is. Not tests by annotation: the same
 * run in this JVM on a GPU, and in another one on a driver that only plays one.
 */
final class DeviceChecks {
  private static final long BYTES = (3L << 20) + 5;

  private DeviceChecks() {}

  /** All of them; an exception tells what is wrong, and the exit code that something is. */
  public static void main(String[] arguments) throws IOException {
    messagesTravelBetweenAnyMemories();
    partsOfMemoryTravel();
    unregisteredMemoryIsRefused();
    closingWaitsForTransfersAndRegistrations();
    wrongMemoryIsRefused();
    pinnedMemoryIsMemoryOfTheHost();
    aDmaBufLendsTheMemory();
  }

  static void messagesTravelBetweenAnyMemories() {
    try (var pair = new Pair();
        Memory host = Buffer.allocate(BYTES);
        Memory pinned = Buffer.allocatePinned(BYTES);
        Memory device = DeviceBuffer.allocate(0, BYTES);
        Memory received = DeviceBuffer.allocate(0, BYTES);
        Registration _ = pair.toRight.register(device);
        Registration _ = pair.toRight.register(pinned);
        Registration _ = pair.toLeft.register(received)) {
      long seed = 0;
      for (Memory from : new Memory[] {host, pinned, device}) {
        for (long bytes : new long[] {0, 1, 100, 40_000, BYTES}) {
          exchange(pair, from, received, bytes, ++seed);
        }
      }
      try (Memory copy = Buffer.allocate(BYTES)) {
        exchange(pair, device, copy, BYTES, ++seed);
      }
    }
  }

  private static void exchange(Pair pair, Memory from, Memory to, long bytes, long seed) {
    try (Buffer data = Pair.pattern(BYTES, seed);
        Buffer got = Buffer.allocate(BYTES)) {
      MemorySegment sent = data.segment().asSlice(0, bytes);
      from.write(0, sent);
      to.write(0, got.segment());
      Transfer receive = pair.toLeft.receive(to, 0, BYTES, 7);
      Transfer send = pair.toRight.send(from, 0, bytes, 7);
      check(receive.await(SOON) == bytes, "the receive has the message's bytes");
      send.await(SOON);
      to.read(0, got.segment());
      check(sent.mismatch(got.segment()) == (bytes == BYTES ? -1 : bytes), "the bytes arrived");
      for (long at = bytes; at < BYTES; at++) {
        check(got.segment().get(JAVA_BYTE, at) == 0, "nothing behind them was written");
      }
    }
  }

  static void partsOfMemoryTravel() {
    try (var pair = new Pair();
        var device = DeviceBuffer.allocate(0, BYTES);
        Registration _ = pair.toRight.register(device);
        Buffer data = Pair.pattern(BYTES, 3);
        Buffer got = Buffer.allocate(1000)) {
      device.write(0, data.segment());
      Transfer receive = pair.toLeft.receive(got.segment(), 7);
      pair.toRight.send(device, 12_345, 1000, 7).await(SOON);
      receive.await(SOON);
      check(data.segment().asSlice(12_345, 1000).mismatch(got.segment()) == -1, "the right part");
    }
  }

  static void unregisteredMemoryIsRefused() {
    try (var pair = new Pair();
        var device = DeviceBuffer.allocate(0, 64)) {
      refused(ErrorCode.INVALID_ARGUMENT, "register", () -> pair.toRight.send(device, 0, 64, 7));
      pair.toRight.register(device).close();
      refused(ErrorCode.INVALID_ARGUMENT, "register", () -> pair.toRight.receive(device, 0, 64, 7));
    }
  }

  static void closingWaitsForTransfersAndRegistrations() {
    var target = DeviceBuffer.allocate(0, BYTES);
    try (var pair = new Pair();
        var source = Pair.pattern(BYTES, 4);
        Registration registration = pair.toLeft.register(target)) {
      Transfer receive = pair.toLeft.receive(target, 0, BYTES, 7);
      target.close(); // the receive and the registration keep the memory itself
      refused(ErrorCode.CLOSED, "closed", () -> pair.toLeft.receive(target, 0, 1, 7));
      refused(ErrorCode.REFUSED, "under way", registration::close);
      Transfer send = pair.toRight.send(source.segment(), 7);
      check(receive.await(SOON) == BYTES, "a receive that had begun goes on");
      send.await(SOON);
    }
  }

  static void wrongMemoryIsRefused() {
    try (var pair = new Pair();
        var device = DeviceBuffer.allocate(0, 64);
        Registration _ = pair.toRight.register(device)) {
      refused(ErrorCode.INVALID_ARGUMENT, "outside", () -> pair.toRight.send(device, 1, 64, 7));
      refused(ErrorCode.INVALID_ARGUMENT, "outside", () -> pair.toRight.send(device, -1, 4, 7));
      MemorySegment heap = MemorySegment.ofArray(new byte[8]);
      refused(ErrorCode.INVALID_ARGUMENT, "heap", () -> device.write(0, heap));
      refused(ErrorCode.INVALID_ARGUMENT, "1 byte or more", () -> DeviceBuffer.allocate(0, 0));
      refused(ErrorCode.INVALID_ARGUMENT, "GPU 63", () -> DeviceBuffer.allocate(63, 1));
    }
  }

  static void pinnedMemoryIsMemoryOfTheHost() {
    Buffer pinned = Buffer.allocatePinned(BYTES);
    check(pinned.kind() == Memory.Kind.PINNED, "its kind");
    Pair.fill(pinned, 9);
    try (var device = DeviceBuffer.allocate(0, BYTES);
        Buffer back = Buffer.allocate(BYTES)) {
      device.write(0, pinned.segment());
      device.read(0, back.segment());
      check(pinned.segment().mismatch(back.segment()) == -1, "the bytes went there and back");
    }
    pinned.close();
    refused(ErrorCode.CLOSED, "closed", pinned::address);
  }

  static void aDmaBufLendsTheMemory() throws IOException {
    try (var device = DeviceBuffer.allocate(0, 1 << 16);
        Buffer data = Pair.pattern(1 << 16, 5)) {
      device.write(0, data.segment());
      DmaBuf lent;
      try {
        lent = device.exportDmaBuf();
      } catch (HawserException e) {
        check(e.code() == ErrorCode.UNSUPPORTED, "why it cannot: " + e.getMessage());
        return;
      }
      try (lent) {
        check(lent.fd() > 2 && lent.bytes() == 1 << 16 && lent.offset() >= 0, "its place");
        // A GPU's own cannot be read as a file; that of the driver that plays one can.
        Path path = Path.of("/proc/self/fd/" + lent.fd());
        if (Files.readSymbolicLink(path).toString().contains("memfd")) {
          try (var file = FileChannel.open(path, StandardOpenOption.READ)) {
            var got = ByteBuffer.allocateDirect(1 << 16);
            file.read(got, lent.offset());
            check(MemorySegment.ofBuffer(got.flip()).mismatch(data.segment()) == -1, "its bytes");
          }
        }
      }
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("does not hold: " + what);
    }
  }

  private static void refused(ErrorCode code, String word, Runnable action) {
    try {
      action.run();
    } catch (HawserException e) {
      check(e.code() == code && e.getMessage().contains(word), code + " " + word + ", not " + e);
      return;
    }
    throw new AssertionError("nothing refused it: " + code + " " + word);
  }
}
