package org.hawser.cli.perf;

import java.lang.foreign.MemorySegment;
import org.hawser.mem.Buffer;

/** The memory of a window: one place a message, used in turn. */
final class Slots implements AutoCloseable {
  private final Buffer buffer;
  private final MemorySegment[] places;

  Slots(int count, long bytes) {
    buffer = Buffer.allocate(Math.multiplyExact(bytes, count));
    places = new MemorySegment[count];
    for (int i = 0; i < count; i++) {
      places[i] = buffer.segment().asSlice(i * bytes, bytes);
    }
  }

  /** Slots whose messages hold the pattern. */
  static Slots filled(int count, long bytes) {
    var slots = new Slots(count, bytes);
    for (int i = 0; i < count; i++) {
      Pattern.fill(slots.places[i], i);
    }
    return slots;
  }

  int count() {
    return places.length;
  }

  int index(long number) {
    return (int) (number % places.length);
  }

  MemorySegment of(long number) {
    return places[index(number)];
  }

  @Override
  public void close() {
    buffer.close();
  }
}
