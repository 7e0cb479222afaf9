package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.MemoryChecks;
import org.hawser.base.Platform;
import org.hawser.ffi.NativeLink;

/**
 * A connection to one peer over all lanes. Any thread may use it, many at once.
 *
 * <p>Messages with one tag arrive in the order they were sent, each in the receive that was posted
 * first for that tag. Memory must be outside the heap: a {@link org.hawser.mem.Buffer}, a mapped
 * file, or a segment of an arena.
 */
public final class Link implements AutoCloseable {
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  /** Full for so long, the ring of operations has nobody who takes from it. */
  private static final Duration POST_TIMEOUT = Duration.ofSeconds(30);

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
  private final NativeLink.LaneInfo[] laneInfo;

  private volatile HawserException failure;
  private volatile List<LaneStatistics> lastStatistics = List.of();
  private volatile Consumer<LinkEvent> listener = event -> {};
  // The driver's.
  private boolean freed;
  // The driver's: chains what the listener is told, so that it hears one event at a time, in order.
  private CompletableFuture<Void> told = CompletableFuture.completedFuture(null);

  /** Driver: attaches a native link, which is this object's from now on. */
  Link(Engine engine, Driver driver, NativeLink link, LaneOptions options, Consumer<Link> onClose) {
    this.engine = engine;
    this.driver = driver;
    this.link = link;
    this.onClose = onClose;
    this.id = link.attach();
    this.info = link.describe();
    this.memory = new LinkMemory(link.memory());
    this.backlog = new Backlog(this, memory, options.scheduler(), options.chunkBytes());
    this.gate = new Gate("the link to " + peer());
    this.registrations = new Registrations(this, gate, engine, link);
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
    return start(true, segment, tag, listener);
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
    return start(false, segment, tag, listener);
  }

  private Transfer start(
      boolean sends, MemorySegment segment, long tag, TransferListener listener) {
    MemoryChecks.requireReachable(segment);
    if (failure != null) {
      throw failure.again();
    }
    var transfer = new Transfer(this, sends, segment, tag, listener);
    gate.enter();
    try {
      // A receive can wait for the round of whoever awaits it; a send should be on its way.
      boolean alone = sends && memory.unacknowledged() == 0;
      if (!engine.admit(transfer)) {
        throw MemoryChecks.arenaClosed();
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
   * @param kind a {@code hawser_memory_kind}
   */
  Registration register(MemorySegment segment, int kind) {
    MemoryChecks.requireReachable(segment);
    if (segment.byteSize() == 0) {
      throw MemoryChecks.invalid("there is no memory to register: the segment is empty");
    }
    if (failure != null) {
      throw failure.again();
    }
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
    listener = consumer;
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
          default -> "failed with " + error;
        };
    return new HawserException(error, transfer + " " + why, null, peerRank(), -1, "", 0);
  }

  void laneLost(int lane) {
    laneInfo[lane] = link.lane(lane);
    String reason = laneInfo[lane].lastError();
    LaneLostEvent.record(peer(), lane, laneInfo[lane].device(), reason);
    tell(new LinkEvent.LaneLost(lane, laneInfo[lane].device(), reason));
  }

  void laneBack(int lane) {
    laneInfo[lane] = link.lane(lane);
    LaneBackEvent.record(peer(), lane, laneInfo[lane].device());
    tell(new LinkEvent.LaneBack(lane, laneInfo[lane].device()));
  }

  void closedByPeer() {
    tell(new LinkEvent.PeerClosed());
  }

  void failed() {
    failed(link.error());
  }

  void failed(HawserException reason) {
    failure = reason;
    tell(new LinkEvent.Failed(reason));
  }

  private void tell(LinkEvent event) {
    Consumer<LinkEvent> consumer = listener;
    told = told.handleAsync((done, thrown) -> hear(consumer, event), Transfer.STAGES);
  }

  private static Void hear(Consumer<LinkEvent> consumer, LinkEvent event) {
    consumer.accept(event);
    return null;
  }

  @Override
  public String toString() {
    return "link to " + peer();
  }
}
