package org.hawser.comm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeMemory;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;
import org.hawser.lane.TransferListener;

/**
 * One peer of a {@link LaneCommunicator}: envelopes go out from any thread, and come in on the
 * thread that drives, which delivers them to the mailbox itself. A message thus takes no hand-over
 * between threads but that to its receiver, and none at all when the receiver drives.
 */
final class LanePeer {
  /** Receives that wait for envelopes; further envelopes wait in the lanes' own memory. */
  private static final int POSTED = 16;

  private final LaneCommunicator communicator;
  private final int peer;
  private final Link link;
  private final AtomicLong sequence = new AtomicLong();
  // Threads that found something to deliver, and so who delivers: see drain().
  private final AtomicInteger drains = new AtomicInteger();
  // Theirs: the receives that wait, from the first on in the order of posting.
  private final Slot[] slots = new Slot[POSTED];
  private int first;
  private int posted;
  private final Key key = new Key();
  // Long ones under way: a peer that gives up will never take them.
  private final Set<Transfer> longSends = ConcurrentHashMap.newKeySet();
  private volatile HawserException lost;

  LanePeer(LaneCommunicator communicator, int peer, Link link) {
    this.communicator = communicator;
    this.peer = peer;
    this.link = link;
    Arrays.setAll(slots, index -> new Slot());
  }

  Link link() {
    return link;
  }

  /** Whether nothing more comes from it. */
  boolean isLost() {
    return lost != null;
  }

  // ----------------------------------------------------------------------------------------------
  // out

  /** Any thread. Short messages are copied, so that their memory is free at once. */
  void send(Key name, long address, long bytes, Completion completion, long context) {
    if (lost != null) {
      throw lost.again();
    }
    MemorySegment payload = NativeMemory.at(address, bytes);
    if (Envelope.isWhole(name.length(), bytes)) {
      sendEnvelope(Envelope.WHOLE, name, payload, 0);
      completion.ended(context, null);
    } else {
      long number = sequence.incrementAndGet();
      sendEnvelope(Envelope.ANNOUNCED, name, payload, number);
      keep(
          link.send(
              payload,
              Envelope.INBOX | number,
              transfer -> {
                longSends.remove(transfer);
                completion.ended(context, failure(transfer));
              }));
    }
  }

  private void keep(Transfer transfer) {
    longSends.add(transfer);
    // Either this thread sees that it has ended or that the peer is lost, or whoever made it so
    // sees it in the set.
    if (transfer.isDone()) {
      longSends.remove(transfer);
    } else if (lost != null) {
      transfer.cancel();
    }
  }

  private HawserException failure(Transfer transfer) {
    HawserException failure = transfer.failure();
    if (failure == null || failure.code() != ErrorCode.CANCELLED || lost == null) {
      return failure;
    }
    return new HawserException(
        lost.code(),
        "rank %d: the %s has failed: %s"
            .formatted(communicator.rank(), transfer, lost.getMessage()),
        lost,
        peer,
        -1,
        "",
        0);
  }

  /** Tells the peer why this party gives up; does what it can. */
  void sendAbort(MemorySegment reason) {
    try {
      sendEnvelope(Envelope.ABORT, new Key(), reason, 0);
    } catch (HawserException e) {
      // The link is gone, and with it the peer's hope of an answer.
    }
  }

  private void sendEnvelope(int kind, Key name, MemorySegment payload, long number) {
    Blocks.Block block = communicator.envelopes().take();
    Envelope.write(block.memory, kind, name, payload.byteSize(), number);
    long length = Envelope.payloadAt(name.length());
    if (kind != Envelope.ANNOUNCED) {
      MemorySegment.copy(payload, 0, block.memory, length, payload.byteSize());
      length += payload.byteSize();
    }
    try {
      link.send(block.memory.asSlice(0, length), Envelope.INBOX, block);
    } catch (HawserException e) {
      block.giveBack();
      throw e;
    }
  }

  // ----------------------------------------------------------------------------------------------
  // in

  /** Begins to receive. */
  void start() {
    drain();
  }

  /**
   * A receive that waits for an envelope; envelopes may arrive out of order, over several lanes.
   */
  private final class Slot implements TransferListener {
    Blocks.Block block;
    volatile Transfer transfer;

    @Override
    public void ended(Transfer ended) {
      transfer = ended;
      drain();
    }
  }

  private void post() {
    Slot slot = slots[(first + posted) % POSTED];
    slot.transfer = null;
    slot.block = communicator.envelopes().take();
    posted++;
    link.receive(slot.block.memory, Envelope.INBOX, slot);
  }

  /**
   * Delivers what has arrived, in order, as far as the mailbox has room. Whoever comes while
   * another thread is at it leaves the work to that one and goes on: the driver must never wait
   * here.
   */
  void drain() {
    int seen = drains.incrementAndGet();
    if (seen != 1) {
      return;
    }
    do {
      seen = drains.get();
      drainOnce();
    } while (drains.addAndGet(-seen) != 0);
  }

  private void drainOnce() {
    try {
      while (lost == null
          && slots[first].transfer != null
          && communicator.mailbox().hasRoom(peer)) {
        Slot slot = slots[first];
        first = (first + 1) % POSTED;
        posted--;
        accept(slot.block, slot.transfer);
        post();
      }
      while (lost == null && posted < POSTED) {
        post();
      }
    } catch (HawserException e) {
      lost = e;
      communicator.lost(peer, e);
      longSends.forEach(Transfer::cancel);
    }
  }

  private void accept(Blocks.Block block, Transfer transfer) {
    if (transfer.failure() != null) {
      throw transfer.failure();
    }
    MemorySegment envelope = block.memory;
    Envelope.check(envelope, transfer.bytes());
    int keyBytes = Envelope.keyBytes(envelope);
    key.set(Envelope.keyAddress(envelope), keyBytes);
    long bytes = Envelope.payloadBytes(envelope);
    switch (Envelope.kind(envelope)) {
      case Envelope.WHOLE -> deliver(block, Envelope.payloadAt(keyBytes), bytes);
      case Envelope.ANNOUNCED -> announce(block, Envelope.sequence(envelope), bytes);
      default -> {
        byte[] reason = envelope.asSlice(Envelope.payloadAt(0), bytes).toArray(JAVA_BYTE);
        throw new HawserException(
            ErrorCode.CLOSED, "it aborted: " + new String(reason, StandardCharsets.UTF_8));
      }
    }
  }

  /** Short messages leave the block, so that one byte does not hold on to all of it. */
  private void deliver(Blocks.Block block, long payloadAt, long bytes) {
    communicator.traffic().received(bytes);
    Blocks.Block kept = block;
    long at = payloadAt;
    if (bytes <= LaneCommunicator.SHORT_BYTES) {
      kept = communicator.shortMessages().take();
      MemorySegment.copy(block.memory, payloadAt, kept.memory, 0, bytes);
      block.giveBack();
      at = 0;
    }
    communicator.mailbox().deliver(peer, key, new BlockMessage(kept, at, bytes));
  }

  private void announce(Blocks.Block block, long number, long bytes) {
    communicator.traffic().received(bytes);
    block.giveBack();
    communicator
        .mailbox()
        .announce(peer, key, new AnnouncedMessage(communicator, peer, link, number, bytes));
  }
}
