package org.hawser.cli.perf;

import java.lang.foreign.MemorySegment;
import org.hawser.lane.Link;
import org.hawser.lane.Registration;
import org.hawser.lane.Transfer;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.Memory;

/**
 * The memory of a window: one place a message, used in turn. The host looks into a GPU's by copies,
 * of the header alone where that is enough.
 */
final class Slots implements AutoCloseable {
  private final Link link;
  private final int count;
  private final long bytes;
  private final Memory memory;
  // One of the two is null: how the host sees each place, or where it has one copied to.
  private final MemorySegment[] places;
  private final Buffer copy;
  private final Registration registration;

  Slots(Link link, Plan plan, int count) {
    this.link = link;
    this.count = count;
    this.bytes = plan.bytes();
    this.memory = MemoryChoice.parse(plan.memory()).allocate(Math.multiplyExact(bytes, count));
    switch (memory) {
      case Buffer buffer -> {
        places = new MemorySegment[count];
        for (int i = 0; i < count; i++) {
          places[i] = buffer.segment().asSlice(i * bytes, bytes);
        }
        copy = null;
        registration = null;
      }
      case DeviceBuffer device -> {
        places = null;
        copy = Buffer.allocatePinned(bytes);
        registration = link.register(device);
      }
    }
  }

  /** Slots whose messages hold the pattern. */
  static Slots filled(Link link, Plan plan, int count) {
    var slots = new Slots(link, plan, count);
    for (int i = 0; i < count; i++) {
      slots.fill(i);
    }
    return slots;
  }

  private void fill(int index) {
    Pattern.fill(seen(index), index);
    tell(index, bytes);
  }

  int count() {
    return count;
  }

  int index(long number) {
    return (int) (number % count);
  }

  Transfer send(long number) {
    int index = index(number);
    return places != null
        ? link.send(places[index], StreamSender.TAG)
        : link.send(memory, index * bytes, bytes, StreamSender.TAG);
  }

  Transfer receive(long number) {
    int index = index(number);
    return places != null
        ? link.receive(places[index], StreamSender.TAG)
        : link.receive(memory, index * bytes, bytes, StreamSender.TAG);
  }

  void writeHeader(long number, long header) {
    int index = index(number);
    Pattern.writeHeader(seen(index), header);
    tell(index, headerBytes());
  }

  long header(long number) {
    int index = index(number);
    look(index, headerBytes());
    return Pattern.readHeader(seen(index));
  }

  void clear(long number) {
    int index = index(number);
    seen(index).fill((byte) 0);
    tell(index, bytes);
  }

  /** As {@link Pattern#firstWrong}. */
  long firstWrong(long number) {
    int index = index(number);
    look(index, bytes);
    return Pattern.firstWrong(seen(index), index);
  }

  private long headerBytes() {
    return Math.min(bytes, Long.BYTES);
  }

  private MemorySegment seen(int index) {
    return places != null ? places[index] : copy.segment();
  }

  /** Brings the first bytes of a place to where the host sees them. */
  private void look(int index, long length) {
    if (copy != null) {
      memory.read(index * bytes, copy.segment().asSlice(0, length));
    }
  }

  private void tell(int index, long length) {
    if (copy != null) {
      memory.write(index * bytes, copy.segment().asSlice(0, length));
    }
  }

  @Override
  public void close() {
    try (memory;
        copy) {
      if (registration != null) {
        registration.close();
      }
    }
  }
}
