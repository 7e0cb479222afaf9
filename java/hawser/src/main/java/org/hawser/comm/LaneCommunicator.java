package org.hawser.comm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;
import org.hawser.launch.Launch;

/**
 * A communicator over lanes: one link to each other rank. Short messages go in one packet with
 * their key, long ones straight from and into memory, striped over all lanes.
 *
 * <p>A thread that waits drives the lanes meanwhile, and so takes its message off the wire itself.
 * A send under 64 KiB ends as soon as it is copied; a longer one when the peer has acknowledged all
 * of it.
 */
public final class LaneCommunicator extends MailboxCommunicator {
  /** Messages up to this length are moved out of the memory that envelopes arrive in. */
  static final int SHORT_BYTES = 4096;

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
  private static final String ADDRESS = "hawser-lanes";
  private static final int MAX_REASON_BYTES = 512;

  private final Lanes lanes;
  private final LanePeer[] peers;
  private final Blocks envelopes = new Blocks(Envelope.MAX_BYTES);
  private final Blocks shortMessages = new Blocks(SHORT_BYTES);
  private final AtomicBoolean closed = new AtomicBoolean();

  private LaneCommunicator(Lanes lanes, int rank, List<Link> links) {
    super(rank, links.size(), lanes::await);
    this.lanes = lanes;
    this.peers = new LanePeer[links.size()];
    for (int peer = 0; peer < peers.length; peer++) {
      peers[peer] = peer == rank ? null : new LanePeer(this, peer, links.get(peer));
    }
    mailbox().onRoom(() -> others().forEach(LanePeer::drain));
    others().forEach(LanePeer::start);
  }

  /**
   * Makes a communicator over links that exist, which are its own from now on.
   *
   * @param lanes the links' lanes, which stay the caller's and must outlive the communicator
   * @param links the link to each rank, null at this one
   */
  public static LaneCommunicator over(Lanes lanes, int rank, List<Link> links) {
    for (int peer = 0; peer < links.size(); peer++) {
      if ((links.get(peer) == null) != (peer == rank)) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT,
            "rank %d of %d: there must be a link to every rank but this one; look at rank %d"
                .formatted(rank, links.size(), peer));
      }
    }
    return new LaneCommunicator(lanes, rank, links);
  }

  /**
   * Connects all ranks with each other. Every rank calls this; ranks may start in any order.
   *
   * @param lanes opened with this rank ({@code LaneOptions.withRank})
   * @param server where this rank listens
   * @param addresses where each rank listens, {@code host:port}, in the order of the ranks
   * @throws HawserException when a rank is not there in time, naming it
   */
  public static LaneCommunicator connect(
      Lanes lanes, LaneServer server, List<String> addresses, Duration timeout) {
    int rank = lanes.options().rank();
    if (rank < 0 || rank >= addresses.size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d is not one of %d: open the lanes with this party's rank"
              .formatted(rank, addresses.size()));
    }
    var mesh = new LaneMesh(lanes, server, rank, addresses.size(), timeout);
    return over(lanes, rank, mesh.connect(addresses));
  }

  /**
   * Connects all ranks of a job that a launcher started: each tells the others where it listens.
   *
   * @param lanes opened with the launch's rank
   */
  public static LaneCommunicator join(Launch launch, Lanes lanes, Duration timeout) {
    try (var server = lanes.listen(null, 0)) {
      String own = new HostPort(Lanes.address(lanes.options()), server.port()).toString();
      launch.put(ADDRESS, own.getBytes(StandardCharsets.UTF_8));
      launch.commit();
      launch.fence(timeout);
      List<String> addresses =
          IntStream.range(0, launch.size())
              .mapToObj(peer -> launch.get(peer, ADDRESS, timeout))
              .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
              .toList();
      return connect(lanes, server, addresses, timeout);
    }
  }

  // ----------------------------------------------------------------------------------------------

  /** The link to another rank, for its statistics and events. */
  public Link link(int peer) {
    return peer(peer).link();
  }

  @Override
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    requireOpen();
    if (to == rank()) {
      sendToSelf(key, address, bytes, completion, context);
    } else {
      sendToPeer(peer(to), key, address, bytes, completion, context);
    }
    traffic().sent(bytes);
  }

  private void sendToPeer(
      LanePeer peer, Key key, long address, long bytes, Completion completion, long context) {
    try {
      peer.send(key, address, bytes, completion, context);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          "rank %d: cannot send %d bytes to %s under key %s: %s"
              .formatted(rank(), bytes, peer.link().peer(), key, e.getMessage()),
          e,
          peer.link().peerRank(),
          e.lane(),
          e.device(),
          e.sysErrno());
    }
  }

  @Override
  protected void progress() {
    lanes.progress();
  }

  @Override
  public void abort(String reason) {
    if (!end("rank %d: this communicator was aborted: %s".formatted(rank(), reason))) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      byte[] text = reason.getBytes(StandardCharsets.UTF_8);
      int length = Math.min(text.length, MAX_REASON_BYTES);
      MemorySegment segment = arena.allocate(length);
      MemorySegment.copy(text, 0, segment, ValueLayout.JAVA_BYTE, 0, length);
      others().forEach(peer -> peer.sendAbort(segment));
    }
  }

  /** Closes the links too; waits up to 5 seconds for each peer to acknowledge what was sent. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    List<HawserException> failures = new ArrayList<>();
    others().forEach(peer -> close(peer, failures));
    end("rank %d: this communicator is closed".formatted(rank()));
    freeBuffers();
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
  }

  private void close(LanePeer peer, List<HawserException> failures) {
    boolean inOrder = ended() == null && !peer.isLost();
    try {
      peer.link().close(CLOSE_TIMEOUT);
    } catch (HawserException e) {
      if (inOrder) {
        failures.add(e);
      }
    }
  }

  private boolean end(String why) {
    return end(new HawserException(ErrorCode.CLOSED, why));
  }

  private LanePeer peer(int peer) {
    if (peer < 0 || peer >= peers.length || peer == rank()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there is no link to rank %d of %d".formatted(rank(), peer, peers.length));
    }
    return peers[peer];
  }

  private Stream<LanePeer> others() {
    return Arrays.stream(peers).filter(Objects::nonNull);
  }

  // ----------------------------------------------------------------------------------------------
  // the peers'

  Blocks envelopes() {
    return envelopes;
  }

  Blocks shortMessages() {
    return shortMessages;
  }

  /** Nothing more comes from that rank. */
  void lost(int peer, HawserException reason) {
    mailbox().fail(peer, reason);
  }
}
