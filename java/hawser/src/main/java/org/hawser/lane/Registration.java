package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.hawser.mem.DeviceBuffer;

/**
 * Memory that all lanes of a link know: {@link Link#register}. Any thread may use it.
 *
 * <p>A send or a receive of that link whose segment lies within the memory makes use of it by
 * itself. It outlives the loss of lanes: a lane that comes back knows the memory again. The link's
 * end is its end.
 */
public final class Registration implements AutoCloseable {
  private final Registrations owner;
  // One of the two is null.
  private final MemorySegment segment;
  private final DeviceBuffer device;
  private final long address;
  private final long bytes;
  // Of native code; 0 before it is registered, while it is being closed, and ever after.
  private final AtomicLong number = new AtomicLong();

  Registration(Registrations owner, MemorySegment segment) {
    this.owner = owner;
    this.segment = segment;
    this.device = null;
    this.address = segment.address();
    this.bytes = segment.byteSize();
  }

  Registration(Registrations owner, DeviceBuffer device) {
    this.owner = owner;
    this.segment = null;
    this.device = device;
    this.address = device.address();
    this.bytes = device.bytes();
  }

  /** The memory, reachable for as long as this is; null for memory of a GPU. */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Takes the memory back from all lanes. May block for as long as the driver is busy, at most 5
   * seconds. Does nothing when it, or its link, is closed already.
   *
   * @throws org.hawser.HawserException REFUSED while a transfer of the link that touches the memory
   *     is under way: await or cancel it, and close again; TIMEOUT when the driver does not answer.
   *     The memory stays registered then, at most until the link is closed
   */
  @Override
  public void close() {
    owner.close(this);
  }

  boolean isAlive() {
    return device == null ? segment.scope().isAlive() : device.isOpen();
  }

  /** Its number when the memory lies within, else 0. */
  long numberFor(long start, long size) {
    // Of memory whose arena is closed the addresses may be another's by now.
    return start >= address && start + size <= address + bytes && isAlive() ? number.get() : 0;
  }

  boolean touches(long start, long size) {
    return address < start + size && start < address + bytes;
  }

  long address() {
    return address;
  }

  long bytes() {
    return bytes;
  }

  void setNumber(long value) {
    number.set(value);
  }

  /** Hides it from transfers that start from now on. Whoever gets a number above 0 closes it. */
  long takeNumber() {
    return number.getAndSet(0);
  }

  @Override
  public String toString() {
    return "registration of %d bytes".formatted(bytes);
  }
}
