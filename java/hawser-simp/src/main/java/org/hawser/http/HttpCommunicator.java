package org.hawser.http;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.MailboxCommunicator;
import org.hawser.comm.Waiting;
import org.hawser.ffi.NativeMemory;
import org.hawser.lane.HostPort;

/**
 * Messages between ranks over HTTP, each a PUT to the receiver's node, as mplang's workers send
 * them; ranks of both kinds may be in one world.
 *
 * <p>Between Hawser nodes messages with equal keys keep their order, a message whose connection was
 * lost is sent again and received once, a rank that ends tells the others, and one that is gone for
 * longer than {@link HttpCommunicatorOptions#peerTimeout} fails those who wait for it, until it is
 * there again. One that starts anew fails who waited for it before. Of mplang's workers none of
 * that is known: a send fails when its connection does, and who waits for a message waits until its
 * time is over, since the worker may come back.
 */
public final class HttpCommunicator extends MailboxCommunicator {
  static final String HELLO = "/hawser/hello";
  static final String FAREWELL = "/hawser/farewell";

  private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int EPOCH_RANDOM_BITS = 16;

  private final HttpNode node;
  private final HttpCommunicatorOptions options;
  private final HttpPeer[] peers;
  private final List<Intake> intakes = new ArrayList<>();
  private final AtomicLong underWay = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  // Later than that of an earlier run, and no other's.
  private final long epoch =
      (System.currentTimeMillis() << EPOCH_RANDOM_BITS)
          | ThreadLocalRandom.current().nextInt(1 << EPOCH_RANDOM_BITS);

  private HttpCommunicator(
      HttpNode node, int rank, List<String> endpoints, HttpCommunicatorOptions options) {
    super(rank, endpoints.size(), Waiting.PARKED, options.mailboxBytes());
    this.node = node;
    this.options = options;
    peers = new HttpPeer[endpoints.size()];
    for (int peer = 0; peer < peers.length; peer++) {
      if (peer != rank) {
        HostPort server = Endpoint.parse(endpoints.get(peer));
        peers[peer] = new HttpPeer(this, peer, server, node.options(), node.transport());
      }
    }
  }

  /**
   * Joins the ranks, and says hello to those that are there. Others are looked for when there is
   * something for them.
   *
   * @param node takes the messages for this rank; stays its owner's, and open as long as this
   * @param endpoints where each rank's node is, {@code host:port}, in the order of the ranks
   */
  public static HttpCommunicator open(
      HttpNode node, int rank, List<String> endpoints, HttpCommunicatorOptions options) {
    if (rank < 0 || rank >= endpoints.size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "rank %d is not one of %d".formatted(rank, endpoints.size()));
    }
    var communicator = new HttpCommunicator(node, rank, endpoints, options);
    communicator.serve("PUT", "/comm/{key}", new MessageIntake(communicator));
    communicator.serve("GET", HELLO, new HelloIntake(communicator));
    communicator.serve("PUT", FAREWELL, new FarewellIntake(communicator));
    node.onClose(() -> communicator.others().forEach(HttpPeer::close));
    communicator.others().forEach(HttpPeer::hawser);
    return communicator;
  }

  private void serve(String method, String pattern, Intake intake) {
    node.route(method, pattern, intake);
    intakes.add(intake);
  }

  @Override
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    requireOpen();
    if (to == rank()) {
      sendToSelf(key, address, bytes, completion, context);
    } else {
      HttpPeer peer = peer(to);
      underWay.incrementAndGet();
      Completion counted =
          (given, failure) -> {
            underWay.decrementAndGet();
            completion.ended(given, failure);
          };
      peer.send(
          new SendExchange(
              peer,
              KeyPath.encode(key),
              options.containers().test(key),
              NativeMemory.at(address, bytes),
              counted,
              context,
              System.nanoTime() + options.sendTimeout().toNanos()));
    }
    traffic().sent(bytes);
  }

  @Override
  public boolean isHawser(int rank) {
    if (rank == rank()) {
      return true;
    }
    try {
      return peer(rank).hawser().get(options.peerTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new HawserException(
          ErrorCode.LINK_FAILED,
          "rank %d: rank %d does not answer".formatted(rank(), rank),
          e,
          rank,
          -1,
          "",
          0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, "rank %d: interrupted".formatted(rank()), e);
    }
  }

  @Override
  public long maxMessageBytes() {
    return node.options().maxBodyBytes();
  }

  @Override
  public void abort(String reason) {
    if (end(
        new HawserException(
            ErrorCode.CLOSED,
            "rank %d: this communicator was aborted: %s".formatted(rank(), reason)))) {
      farewell("aborted: " + reason);
    }
  }

  /** Waits up to 5 seconds for peers to take what was sent, and tells them. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (ended() == null) {
      await(() -> underWay.get() == 0, CLOSE_NANOS);
    }
    if (end(
        new HawserException(
            ErrorCode.CLOSED, "rank %d: this communicator is closed".formatted(rank())))) {
      waitFor(farewell("has closed its communicator"));
    }
    intakes.forEach(node::withdraw);
    others().forEach(HttpPeer::close);
    freeBuffers();
  }

  private List<CompletableFuture<Void>> farewell(String how) {
    long deadline = System.nanoTime() + FAREWELL_NANOS;
    List<CompletableFuture<Void>> told = new ArrayList<>();
    others().forEach(peer -> told.add(peer.tell(FAREWELL, how, deadline)));
    return told;
  }

  private static void waitFor(List<CompletableFuture<Void>> told) {
    CompletableFuture.allOf(told.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, FAREWELL_NANOS, TimeUnit.NANOSECONDS)
        .join();
  }

  private Stream<HttpPeer> others() {
    return Stream.of(peers).filter(Objects::nonNull);
  }

  private HttpPeer peer(int rank) {
    if (rank < 0 || rank >= peers.length || rank == rank()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there is no rank %d to send to; ranks are 0 to %d"
              .formatted(rank(), rank, peers.length - 1));
    }
    return peers[rank];
  }

  // ----------------------------------------------------------------------------------------------
  // the peers' and the intakes'

  HttpCommunicatorOptions options() {
    return options;
  }

  long epoch() {
    return epoch;
  }

  boolean isOpen() {
    return ended() == null;
  }

  HttpPeer of(int rank) {
    return peer(rank);
  }

  boolean hasRoom(int from) {
    return mailbox().hasRoom(from);
  }

  boolean has(int from, Key key) {
    return mailbox().has(from, key);
  }

  void deliver(int from, Key key, HttpMessage message) {
    traffic().received(message.bytes());
    mailbox().deliver(from, key, message);
  }

  /** Run whenever there may be room again. */
  void onRoom(Runnable action) {
    mailbox().onRoom(action);
  }

  /** Memory for the body of a long message, which goes back when it is released. */
  ByteBuf longBody(int bytes) {
    return new LongBody(takeBuffer(bytes), bytes, this::giveBack);
  }

  /** Who waits for that rank waits in vain, until {@link #back}. */
  void gone(int from, HawserException reason) {
    mailbox()
        .fail(
            from,
            new HawserException(
                reason.code(),
                "rank %d: rank %d is gone: %s".formatted(rank(), from, reason.getMessage()),
                reason,
                from,
                -1,
                "",
                0));
  }

  void back(int from) {
    mailbox().recover(from);
  }

  /** That rank is a new one: what the old one was to send will not come. */
  void restarted(int from) {
    mailbox()
        .restarted(
            from,
            new HawserException(
                ErrorCode.LINK_FAILED,
                "rank %d: rank %d has started anew".formatted(rank(), from),
                null,
                from,
                -1,
                "",
                0));
  }

  /** Why who has these names in its certificate may not speak as a rank; empty when it may. */
  Optional<String> refusal(int from, List<String> names) {
    return node.options().protection().identity().flatMap(each -> each.refusal(from, names));
  }
}
