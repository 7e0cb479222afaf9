package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.MemoryChecks;
import org.hawser.base.Platform;
import org.hawser.ffi.NativeLink;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.Memory;

/**
 * A connection to one peer over all lanes. Any thread may use it, many at once.
 *
 * <p>Messages with one tag arrive in the order they were sent, each in the receive that was posted
 * first for that tag. Memory must be outside the heap: a {@link org.hawser.mem.Buffer}, a mapped
 * file, or a segment of an arena.
 */
public final class Link implements AutoCloseable {
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private static final long FLUSH_POLL_NANOS = 1_000_000;

  final Engine engine;
  private final Driver driver;
  private final NativeLink link;
  private final Consumer<Link> onClose;
  private final int id;
  private final NativeLink.Info info;
  private final LinkMemory memory;
  private final Backlog backlog;
  private final Gate gate;
  private final Registrations registrations;
  private final TransferPoster poster;
  private final LinkEvents events = new LinkEvents();
  private final NativeLink.LaneInfo[] laneInfo;

  private volatile HawserException failure;
  private volatile List<LaneStatistics> lastStatistics = List.of();
  // The driver's.
  private boolean freed;

  /** Driver: attaches a native link, which is this object's from now on. */
  Link(Engine engine, Driver driver, NativeLink link, LaneOptions options, Consumer<Link> onClose) {
    this.engine = engine;
    this.driver = driver;
    this.link = link;
    this.onClose = onClose;
    this.id = link.attach();
    this.info = link.describe();
    this.memory = new LinkMemory(link.memory());
    this.backlog = new Backlog(this, memory, options.scheduler());
    this.gate = new Gate("the link to " + peer());
    this.registrations = new Registrations(this, gate, engine, link);
    this.poster = new TransferPoster(this, engine, driver, memory, gate);
    this.laneInfo = new NativeLink.LaneInfo[info.lanes()];
    for (int lane = 0; lane < laneInfo.length; lane++) {
      laneInfo[lane] = link.lane(lane);
    }
  }

  // ----------------------------------------------------------------------------------------------
  // transfers

  /**
   * Starts to send all bytes of a segment, 0 included. The memory must not change until the
   * transfer has ended.
   *
   * @throws HawserException INVALID_ARGUMENT for memory that native code cannot reach, CLOSED for a
   *     closed link, or why the link has failed
   */
  public Transfer send(MemorySegment segment, long tag) {
    return send(segment, tag, TransferListener.NONE);
  }

  /** As {@link #send(MemorySegment, long)}; the listener is told of the end. */
  public Transfer send(MemorySegment segment, long tag, TransferListener listener) {
    return poster.start(true, segment, tag, listener);
  }

  /**
   * Starts to receive one message into a segment, which may be longer than the message; a longer
   * message fails with TRUNCATED. The memory must not be touched until the transfer has ended.
   *
   * @throws HawserException as {@link #send}, and for memory that cannot be written
   */
  public Transfer receive(MemorySegment segment, long tag) {
    return receive(segment, tag, TransferListener.NONE);
  }

  /** As {@link #receive(MemorySegment, long)}; the listener is told of the end. */
  public Transfer receive(MemorySegment segment, long tag, TransferListener listener) {
    if (segment.isReadOnly()) {
      throw MemoryChecks.invalid("the memory to receive into is read-only");
    }
    return poster.start(false, segment, tag, listener);
  }

  /**
   * As {@link #send(MemorySegment, long)}, of {@code bytes} from {@code offset} on.
   *
   * <p>Memory of a GPU must be registered with this link, see {@link #register(Memory)}. Networks
   * that take memory of the host alone get it chunk by chunk through pinned memory, while other
   * chunks are on their way.
   *
   * @throws HawserException INVALID_ARGUMENT for bytes outside of the memory, or memory of a GPU
   *     that is not registered; CLOSED for closed memory; otherwise as for segments
   */
  public Transfer send(Memory memory, long offset, long bytes, long tag) {
    return send(memory, offset, bytes, tag, TransferListener.NONE);
  }

  /** As {@link #send(Memory, long, long, long)}; the listener is told of the end. */
  public Transfer send(
      Memory memory, long offset, long bytes, long tag, TransferListener listener) {
    return poster.start(true, memory, offset, bytes, tag, listener);
  }

  /**
   * As {@link #receive(MemorySegment, long)}, into {@code bytes} from {@code offset} on; for the
   * rest as {@link #send(Memory, long, long, long)}.
   */
  public Transfer receive(Memory memory, long offset, long bytes, long tag) {
    return receive(memory, offset, bytes, tag, TransferListener.NONE);
  }

  /** As {@link #receive(Memory, long, long, long)}; the listener is told of the end. */
  public Transfer receive(
      Memory memory, long offset, long bytes, long tag, TransferListener listener) {
    return poster.start(false, memory, offset, bytes, tag, listener);
  }

  void cancel(Transfer transfer) {
    poster.cancel(transfer);
  }

  /**
   * Makes memory known to all lanes, for transports that move registered memory faster; TCP takes
   * any memory as it is. From then on every transfer of this link whose segment lies within it uses
   * the registration by itself. May block for as long as the driver is busy, at most 5 seconds.
   *
   * <p>The memory must stay valid until the registration is closed. A {@link
   * org.hawser.mem.Buffer}'s does by itself, as does an automatic arena's. Looking a registration
   * up costs each transfer time in proportion to their number: register few large regions.
   *
   * @param segment host memory, 1 byte or more; it may overlap with other registrations
   * @throws HawserException INVALID_ARGUMENT for memory that native code cannot reach or that is
   *     empty; CLOSED for a closed link, or why the link has failed; TIMEOUT when the driver does
   *     not answer; otherwise what a lane objects to, with the lane and its device: no lane knows
   *     the memory then
   */
  public Registration register(MemorySegment segment) {
    return register(segment, Registrations.HOST);
  }

  /**
   * As {@link #register(MemorySegment)}, of all of the memory. Memory of a GPU must be registered
   * before this link can carry it; the first registration for a GPU sets pinned memory aside, some
   * chunks for each lane. Until the registration is closed the memory stays, even when it is
   * closed.
   *
   * @throws HawserException CLOSED for closed memory, UNSUPPORTED with the reason where memory of a
   *     GPU cannot be carried; otherwise as for segments
   */
  public Registration register(Memory memory) {
    return switch (memory) {
      case Buffer buffer -> register(buffer.segment());
      case DeviceBuffer device -> {
        requireAlive();
        gate.enter();
        try {
          yield registrations.register(device);
        } finally {
          gate.leave();
        }
      }
    };
  }

  /** Throws why the link has failed, if it has. */
  void requireAlive() {
    if (failure != null) {
      throw failure.again();
    }
  }

  /**
   * @param kind a {@code hawser_memory_kind}
   */
  Registration register(MemorySegment segment, int kind) {
    MemoryChecks.requireReachable(segment);
    if (segment.byteSize() == 0) {
      throw MemoryChecks.invalid("there is no memory to register: the segment is empty");
    }
    requireAlive();
    gate.enter();
    try {
      return registrations.register(segment, kind);
    } finally {
      gate.leave();
    }
  }

  // ----------------------------------------------------------------------------------------------
  // state

  /** The peer's rank, -1 when it has none. */
  public int peerRank() {
    return info.peerRank();
  }

  /** The peer in words, for messages: its rank where it has one, and its host. */
  public String peer() {
    return info.peerRank() < 0
        ? info.peerHost()
        : "rank %d at %s".formatted(info.peerRank(), info.peerHost());
  }

  /** Whether chunks carry a checksum: one of the two ends asked for it. */
  public boolean checksum() {
    return info.checksum();
  }

  /** What each lane has done so far; what it had done at the end, once the link is closed. */
  public List<LaneStatistics> lanes() {
    if (!gate.tryEnter()) {
      return lastStatistics;
    }
    try {
      return statistics();
    } finally {
      gate.leave();
    }
  }

  private List<LaneStatistics> statistics() {
    List<LaneStatistics> lanes = new ArrayList<>();
    for (int lane = 0; lane < laneInfo.length; lane++) {
      lanes.add(LaneStatistics.read(lane, laneInfo[lane], memory));
    }
    return List.copyOf(lanes);
  }

  /**
   * Tells the listener what happens from now on, one event at a time, in order, on virtual threads.
   */
  public void onEvent(Consumer<LinkEvent> consumer) {
    events.listener(consumer);
  }

  // ----------------------------------------------------------------------------------------------
  // end

  /**
   * Waits until the peer has acknowledged everything sent so far, or has closed the link.
   *
   * @throws HawserException TIMEOUT when that takes too long; otherwise why the link has failed
   */
  public void flush(Duration timeout) {
    if (!gate.tryEnter()) {
      return;
    }
    try {
      awaitFlushed(timeout);
    } finally {
      gate.leave();
    }
  }

  private void awaitFlushed(Duration timeout) {
    var deadline = Deadline.in(timeout);
    Platform.call(
        () -> {
          driver.await(
              this::isFlushed,
              nanos -> LockSupport.parkNanos(this, Math.min(nanos, FLUSH_POLL_NANOS)),
              deadline);
          return null;
        });
    if (failure != null) {
      throw failure.again();
    }
    if (!isFlushed()) {
      throw new HawserException(
          ErrorCode.TIMEOUT,
          "%s has not acknowledged everything within %s: does it receive what is sent?"
              .formatted(peer(), timeout),
          null,
          peerRank(),
          -1,
          "",
          0);
    }
  }

  private boolean isFlushed() {
    return failure != null
        || memory.state() != LinkMemory.OPEN
        || (engine.operationsWaiting() == 0 && memory.unacknowledged() == 0);
  }

  /** As {@link #close(Duration)}, with 5 seconds. */
  @Override
  public void close() {
    close(CLOSE_TIMEOUT);
  }

  /**
   * Waits until everything sent is acknowledged, and closes the link; transfers still under way end
   * with CLOSED, and its registrations are closed. Does nothing when it is closed already.
   *
   * @throws HawserException (TIMEOUT) when the peer has not acknowledged everything in time; the
   *     link is closed all the same
   */
  public void close(Duration timeout) {
    if (!gate.shut()) {
      return;
    }
    gate.awaitEmpty();
    try {
      if (failure == null) {
        awaitFlushed(timeout);
      }
    } finally {
      lastStatistics = statistics();
      Platform.call(() -> driver.exclusively(this::closeByDriver, Deadline.in(CLOSE_TIMEOUT)));
      onClose.accept(this);
    }
  }

  private Void closeByDriver() {
    engine.close(this, gate.closed());
    registrations.end();
    return null;
  }

  // ----------------------------------------------------------------------------------------------
  // the driver's

  Driver driver() {
    return driver;
  }

  int id() {
    return id;
  }

  Backlog backlog() {
    return backlog;
  }

  /** For any thread. */
  Registrations registrations() {
    return registrations;
  }

  /** Its memory is gone with it. */
  void closeNative() {
    freed = true;
    link.close();
  }

  /** Why a transfer ended with {@code code}. */
  HawserException failure(Transfer transfer, int code, long bytes) {
    ErrorCode error = ErrorCode.ofNative(code);
    if (failure == null && !freed && memory.state() == LinkMemory.DEAD) {
      // Transfers end before the event that tells it: the reason is there already.
      failure = link.error();
    }
    if (failure != null && error != ErrorCode.CANCELLED && error != ErrorCode.TRUNCATED) {
      return failure;
    }
    String why =
        switch (error) {
          case CANCELLED -> "was cancelled";
          case CLOSED -> "has ended: the link was closed";
          case TRUNCATED ->
              "is too short for the message of %d bytes: receive into more".formatted(bytes);
          case IO -> "failed: " + copyFailure();
          default -> "failed with " + error;
        };
    return new HawserException(error, transfer + " " + why, null, peerRank(), -1, "", 0);
  }

  /** Of a GPU's memory: of this end, which knows more, or of the peer. */
  private String copyFailure() {
    HawserException here = freed ? null : link.error();
    return here != null && here.code() != ErrorCode.OK
        ? here.getMessage()
        : "the peer could not copy between its memory and the link";
  }

  void laneLost(int lane) {
    laneInfo[lane] = link.lane(lane);
    String reason = laneInfo[lane].lastError();
    LaneLostEvent.record(peer(), lane, laneInfo[lane].device(), reason);
    events.tell(new LinkEvent.LaneLost(lane, laneInfo[lane].device(), reason));
  }

  void laneBack(int lane) {
    laneInfo[lane] = link.lane(lane);
    LaneBackEvent.record(peer(), lane, laneInfo[lane].device());
    events.tell(new LinkEvent.LaneBack(lane, laneInfo[lane].device()));
  }

  void closedByPeer() {
    events.tell(new LinkEvent.PeerClosed());
  }

  void failed() {
    failed(link.error());
  }

  void failed(HawserException reason) {
    failure = reason;
    events.tell(new LinkEvent.Failed(reason));
  }

  @Override
  public String toString() {
    return "link to " + peer();
  }
}
