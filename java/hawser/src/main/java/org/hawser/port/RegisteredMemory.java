package org.hawser.port;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.MemoryChecks;
import org.hawser.base.Platform;
import org.hawser.ffi.NativePortMemory;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.MemoryUser;
import org.hawser.mem.MemoryUsers;

/**
 * Memory that puts go from or to: of this process, by registration, or of a peer, by the bytes that
 * it sent. Closing a registration makes puts that begin after it errors, at peers too.
 */
public final class RegisteredMemory extends PortObject {
  /** {@code HAWSER_MEMORY_HOST}. */
  private static final int HOST = 1;

  /** {@code HAWSER_MEMORY_DEVICE}. */
  private static final int DEVICE = 2;

  private final NativePortMemory memory;
  private final Local local;
  private final DeviceBuffer device;

  private RegisteredMemory(
      PortContext context, String what, Local local, DeviceBuffer device, NativePortMemory memory) {
    super(what, () -> free(context, memory, local), context);
    this.memory = memory;
    this.local = local;
    this.device = device;
  }

  private static void free(PortContext context, NativePortMemory memory, Local local) {
    memory.free();
    if (local == null) {
      return;
    }
    // Puts that had begun may still read: the pages of a buffer stay until they are through.
    List<Connection> open = context.children(Connection.class);
    if (open.isEmpty()) {
      MemoryUsers.remove(local);
    } else {
      Thread.ofVirtual().name("hawser-memory").start(() -> release(local, open));
    }
  }

  /** Where puts do not end in time, the pages are not given back at all. */
  private static void release(Local local, List<Connection> connections) {
    for (Connection connection : connections) {
      try {
        connection.flush(PortContext.TIMEOUT);
      } catch (HawserException e) {
        if (e.code() == ErrorCode.TIMEOUT) {
          return;
        }
        // Its transport may read on until it is closed.
        connection.awaitShut();
      }
    }
    MemoryUsers.remove(local);
  }

  /**
   * Keeps a segment reachable, and the pages of a buffer that is closed, while it is registered.
   */
  private record Local(MemorySegment segment, long address, long bytes) implements MemoryUser {
    @Override
    public boolean uses(long at, long length) {
      return address < at + length && at < address + bytes;
    }
  }

  static RegisteredMemory register(
      PortContext context, MemorySegment segment, Set<Transport> transports) {
    MemoryChecks.requireReachable(segment);
    var local = new Local(segment, segment.address(), segment.byteSize());
    context.enter();
    MemoryUsers.add(local);
    try {
      // Known before it is looked at: pages of a buffer that is closed from now on wait for us.
      VarHandle.fullFence();
      if (!segment.scope().isAlive()) {
        throw MemoryChecks.arenaClosed();
      }
      var made =
          new RegisteredMemory(
              context,
              "this registration of %d bytes".formatted(local.bytes),
              local,
              null,
              context.port().register(local.address, local.bytes, HOST, mask(transports)));
      made.announce();
      return made;
    } catch (RuntimeException e) {
      MemoryUsers.remove(local);
      throw e;
    } finally {
      context.leave();
    }
  }

  static RegisteredMemory register(
      PortContext context, DeviceBuffer buffer, Set<Transport> transports) {
    context.enter();
    try {
      var made =
          new RegisteredMemory(
              context,
              "this registration of " + buffer,
              null,
              buffer,
              context.port().register(buffer.address(), buffer.bytes(), DEVICE, mask(transports)));
      made.announce();
      return made;
    } finally {
      context.leave();
    }
  }

  private static int mask(Set<Transport> transports) {
    return transports.stream().mapToInt(one -> 1 << one.number()).reduce(0, (a, b) -> a | b);
  }

  static RegisteredMemory deserialize(PortContext context, byte[] told, Duration timeout) {
    var deadline = Deadline.in(timeout);
    context.enter();
    try {
      var made =
          Platform.call(
              () ->
                  new RegisteredMemory(
                      context,
                      "this peer's memory",
                      null,
                      null,
                      context.port().importMemory(told, deadline.leftOrZero())));
      made.announce();
      return made;
    } finally {
      context.leave();
    }
  }

  /** The transports that a set of memory is registered for when nothing else is said. */
  static Set<Transport> of(Transport... transports) {
    Set<Transport> set = EnumSet.noneOf(Transport.class);
    set.addAll(Set.of(transports));
    return set;
  }

  /**
   * What a peer imports: {@link PortContext#deserialize}.
   *
   * @throws HawserException INVALID_ARGUMENT for a peer's memory
   */
  public byte[] serialize() {
    if (!isLocal()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a peer's memory is not passed on: its owner serializes it");
    }
    enter();
    try {
      return memory.bytes();
    } finally {
      leave();
    }
  }

  /** Whether it is of this process. */
  public boolean isLocal() {
    return local != null || device != null;
  }

  /**
   * The memory, reachable for as long as it is registered.
   *
   * @throws HawserException INVALID_ARGUMENT for a peer's memory, and for a GPU's
   */
  public MemorySegment segment() {
    if (local == null) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a peer's memory, or a GPU's, has no segment here");
    }
    return local.segment;
  }

  NativePortMemory memory() {
    return memory;
  }
}
