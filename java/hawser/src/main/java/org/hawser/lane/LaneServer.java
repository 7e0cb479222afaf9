package org.hawser.lane;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Platform;
import org.hawser.ffi.NativeLink;
import org.hawser.ffi.NativeListener;
import org.hawser.ffi.NativeStat;

/** Waits for parties that connect. Any thread may use it; one at a time accepts. */
public final class LaneServer implements AutoCloseable {
  /** Accepting looks up so often whether the server was closed. */
  private static final long SLICE_NANOS = 100_000_000;

  private final NativeListener listener;
  private final Function<NativeLink, Link> attach;
  private final Consumer<LaneServer> onClose;
  private final int port;
  private final ReentrantLock accepting = new ReentrantLock();
  private final Gate gate;
  private volatile long lastStrangers;

  LaneServer(
      NativeListener listener, Function<NativeLink, Link> attach, Consumer<LaneServer> onClose) {
    this.listener = listener;
    this.attach = attach;
    this.onClose = onClose;
    this.port = listener.port();
    this.gate = new Gate("the server at port " + port);
  }

  /** The port it listens at. */
  public int port() {
    return port;
  }

  /**
   * Waits for the next party that connects with all its lanes.
   *
   * @throws HawserException TIMEOUT when none came, CLOSED when the server is closed meanwhile
   */
  public Link accept(Duration timeout) {
    var deadline = Deadline.in(timeout);
    gate.enter();
    try {
      return Platform.call(() -> acceptUntil(deadline));
    } finally {
      gate.leave();
    }
  }

  private Link acceptUntil(Deadline deadline) {
    accepting.lock();
    int note = NativeStat.NOT_NOTED;
    try {
      while (!gate.isShut()) {
        Deadline.checkInterrupt();
        Optional<NativeLink> link = listener.accept(Math.clamp(deadline.left(), 0, SLICE_NANOS));
        if (link.isPresent()) {
          return attach.apply(link.get());
        }
        if (deadline.passed()) {
          throw new HawserException(
              ErrorCode.TIMEOUT, "nobody connected to port %d in time".formatted(port));
        }
        if (note == NativeStat.NOT_NOTED) {
          String what = "somebody to connect to port %d".formatted(port);
          note = NativeStat.waitBegins(-1, -1, SLICE_NANOS, deadline.left(), what);
        }
      }
      throw gate.closed();
    } finally {
      NativeStat.waitEnds(note);
      accepting.unlock();
    }
  }

  /** Connections refused so far, since they did not prove that they belong to a party. */
  public long strangers() {
    if (!gate.tryEnter()) {
      return lastStrangers;
    }
    try {
      return listener.strangers();
    } finally {
      gate.leave();
    }
  }

  /** Stops listening; links that were accepted stay. */
  @Override
  public void close() {
    if (gate.shut()) {
      gate.awaitEmpty();
      lastStrangers = listener.strangers();
      listener.close();
      onClose.accept(this);
    }
  }
}
