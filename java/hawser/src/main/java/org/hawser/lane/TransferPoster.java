package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.MemoryChecks;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.Memory;

/**
 * How the transfers of a link get to its engine, and are called back. Any thread may use it, many
 * at once.
 */
final class TransferPoster {
  /** Full for so long, the ring of operations has nobody who takes from it. */
  private static final Duration POST_TIMEOUT = Duration.ofSeconds(30);

  private final Link link;
  private final Engine engine;
  private final Driver driver;
  private final LinkMemory shared;
  private final Gate gate;

  TransferPoster(Link link, Engine engine, Driver driver, LinkMemory shared, Gate gate) {
    this.link = link;
    this.engine = engine;
    this.driver = driver;
    this.shared = shared;
    this.gate = gate;
  }

  Transfer start(
      boolean sends, Memory memory, long offset, long bytes, long tag, TransferListener listener) {
    if (offset < 0 || bytes < 0 || bytes > memory.bytes() - offset) {
      throw MemoryChecks.invalid(
          "%d bytes at %d lie outside of %s".formatted(bytes, offset, memory));
    }
    long address = memory.address() + offset;
    return switch (memory) {
      case Buffer buffer -> start(sends, buffer.segment().asSlice(offset, bytes), tag, listener);
      case DeviceBuffer device ->
          start(new Transfer(link, sends, device, address, bytes, tag, listener));
    };
  }

  Transfer start(boolean sends, MemorySegment segment, long tag, TransferListener listener) {
    MemoryChecks.requireReachable(segment);
    return start(new Transfer(link, sends, segment, tag, listener));
  }

  private Transfer start(Transfer transfer) {
    link.requireAlive();
    gate.enter();
    try {
      // A receive can wait for the round of whoever awaits it; a send should be on its way.
      boolean alone = transfer.sends && shared.unacknowledged() == 0;
      if (!engine.admit(transfer)) {
        throw MemoryChecks.arenaClosed();
      }
      if (transfer.needsRegistration() && transfer.registered == 0) {
        engine.dismiss(transfer);
        throw transfer.notRegistered();
      }
      post(transfer);
      driver.posted(alone);
      return transfer;
    } finally {
      gate.leave();
    }
  }

  private void post(Transfer transfer) {
    if (engine.offer(transfer)) {
      return;
    }
    var deadline = Deadline.in(POST_TIMEOUT);
    while (!engine.offer(transfer)) {
      if (gate.isShut() || deadline.passed()) {
        engine.dismiss(transfer);
        throw gate.isShut()
            ? gate.closed()
            : new HawserException(
                ErrorCode.TIMEOUT, transfer + " could not start: the engine takes no operations");
      }
      driver.makeRoom();
    }
  }

  void cancel(Transfer transfer) {
    if (transfer.isDone() || !gate.tryEnter()) {
      return; // A link that closes ends all its transfers.
    }
    try {
      while (!transfer.isDone() && !engine.offerCancel(transfer) && !gate.isShut()) {
        driver.makeRoom();
      }
      driver.posted(true);
    } finally {
      gate.leave();
    }
  }
}
