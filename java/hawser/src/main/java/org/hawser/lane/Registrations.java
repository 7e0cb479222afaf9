package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.MemoryChecks;
import org.hawser.base.Platform;
import org.hawser.ffi.NativeLink;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.MemoryUser;
import org.hawser.mem.MemoryUsers;

/**
 * The memory registered with one link. Any thread may look up; all else happens inside the link's
 * gate.
 *
 * <p>What keeps a starting transfer and a closing registration apart is the protocol of {@link
 * MemoryUsers}: the transfer becomes known, then looks its number up; the registration hides its
 * number, then asks for transfers. With a full fence between the two steps of each, at least one of
 * them sees the other.
 */
final class Registrations implements MemoryUser {
  /** {@code HAWSER_MEMORY_HOST}. */
  static final int HOST = 1;

  /** {@code HAWSER_MEMORY_DEVICE}. */
  private static final int DEVICE = 2;

  private static final Duration DRIVER_TIMEOUT = Duration.ofSeconds(5);
  private static final Registration[] NONE = {};

  private final Link link;
  private final Gate gate;
  private final Engine engine;
  private final NativeLink nativeLink;
  // Copied when it changes. A few, looked through in order.
  private volatile Registration[] known = NONE;

  Registrations(Link link, Gate gate, Engine engine, NativeLink nativeLink) {
    this.link = link;
    this.gate = gate;
    this.engine = engine;
    this.nativeLink = nativeLink;
  }

  /** The number that native code knows the memory by, 0 when it is not registered. */
  long numberFor(long address, long bytes) {
    for (Registration registration : known) {
      long number = registration.numberFor(address, bytes);
      if (number != 0) {
        return number;
      }
    }
    return 0;
  }

  /**
   * Registers a segment that native code can reach.
   *
   * @param kind a {@code hawser_memory_kind}
   */
  Registration register(MemorySegment segment, int kind) {
    return register(new Registration(this, segment), kind);
  }

  Registration register(DeviceBuffer device) {
    return register(new Registration(this, device), DEVICE);
  }

  private Registration register(Registration registration, int kind) {
    add(registration);
    try {
      // Known before it is looked at: pages of a buffer that is closed from now on wait for us.
      VarHandle.fullFence();
      if (!registration.isAlive()) {
        throw MemoryChecks.arenaClosed();
      }
      registration.setNumber(
          withDriver(
              () -> nativeLink.register(registration.address(), registration.bytes(), kind)));
      return registration;
    } catch (RuntimeException e) {
      remove(registration);
      throw e;
    }
  }

  /** As {@link Registration#close} tells; any thread. */
  void close(Registration registration) {
    if (!gate.tryEnter()) {
      return; // A link that closes takes all its registrations along.
    }
    try {
      long number = registration.takeNumber();
      if (number != 0) {
        deregister(registration, number);
      }
    } finally {
      gate.leave();
    }
  }

  private void deregister(Registration registration, long number) {
    try {
      VarHandle.fullFence();
      if (engine.isUsed(link, registration.address(), registration.bytes())) {
        throw new HawserException(
            ErrorCode.REFUSED,
            "the %s on %s cannot be closed: transfers with its memory are under way; await or cancel them first"
                .formatted(registration, link),
            null,
            link.peerRank(),
            -1,
            "",
            0);
      }
      withDriver(
          () -> {
            nativeLink.deregister(number);
            return null;
          });
    } catch (RuntimeException e) {
      registration.setNumber(number);
      throw e;
    }
    remove(registration);
  }

  /** The native link is gone, and all registrations with it. */
  synchronized void end() {
    Registration[] last = known;
    known = NONE;
    for (Registration registration : last) {
      registration.setNumber(0);
    }
    if (last.length > 0) {
      MemoryUsers.remove(this);
    }
  }

  @Override
  public boolean uses(long address, long bytes) {
    // Pairs with the fence after a registration was added.
    VarHandle.fullFence();
    return Arrays.stream(known).anyMatch(registration -> registration.touches(address, bytes));
  }

  private <T> T withDriver(Supplier<T> action) {
    return Platform.call(() -> link.driver().exclusively(action, Deadline.in(DRIVER_TIMEOUT)));
  }

  private synchronized void add(Registration registration) {
    if (known.length == 0) {
      MemoryUsers.add(this);
    }
    known =
        Stream.concat(Arrays.stream(known), Stream.of(registration)).toArray(Registration[]::new);
  }

  private synchronized void remove(Registration registration) {
    known = Arrays.stream(known).filter(one -> one != registration).toArray(Registration[]::new);
    if (known.length == 0) {
      MemoryUsers.remove(this);
    } else {
      // Pairs with the fence of a buffer that closes: see MemoryUsers.
      VarHandle.fullFence();
      MemoryUsers.released();
    }
  }
}
