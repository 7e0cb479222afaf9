package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.hawser.HawserException;
import org.hawser.comm.Key;

/** Puts what peers send into the mailbox. Called by the connections' threads. */
final class MessageIntake implements Intake {
  private static final byte[] OK_BODY = "{\"status\":\"ok\"}".getBytes(StandardCharsets.US_ASCII);

  // From here on pages of their own are worth it.
  private static final int LONG_BYTES = 1 << 16;

  static final ByteBuf OK =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer()
              .writeBytes(Wire.answerHead(200, MediaTypes.JSON, OK_BODY.length, true))
              .writeBytes(OK_BODY)
              .asReadOnly());

  private final HttpCommunicator communicator;
  private final Queue<Runnable> waitingForRoom = new ConcurrentLinkedQueue<>();

  MessageIntake(HttpCommunicator communicator) {
    this.communicator = communicator;
    communicator.onRoom(this::wakeAll);
  }

  private void wakeAll() {
    for (Runnable each = waitingForRoom.poll(); each != null; each = waitingForRoom.poll()) {
      each.run();
    }
  }

  private static boolean isBinary(Head head) {
    return MediaTypes.of(head.headers()).equals(MediaTypes.BINARY);
  }

  @Override
  public Optional<HttpAnswer> check(Head head) {
    return isBinary(head) ? SenderRank.refusal(head, communicator) : Optional.empty();
  }

  @Override
  public ByteBuf body(long length, ByteBufAllocator allocator) {
    return length < LONG_BYTES
        ? Intake.super.body(length, allocator)
        : communicator.longBody((int) length);
  }

  @Override
  public boolean hasRoom(Head head, Runnable retry) {
    // Who sends JSON says only there who it is; it is short, and was read before it is refused.
    if (!isBinary(head)) {
      return true;
    }
    int from = SenderRank.of(head);
    if (communicator.hasRoom(from)) {
      return true;
    }
    waitingForRoom.add(retry);
    return communicator.hasRoom(from); // There may have been some before it was added.
  }

  @Override
  public void take(Head head, ByteBuf body, ServerConnection connection) {
    Optional<HttpAnswer> refusal;
    try {
      Key key = KeyPath.decode(head.path());
      if (key == null || !communicator.isOpen()) {
        body.release();
        refusal = Optional.of(HttpAnswer.error(404, "Not Found"));
      } else if (isBinary(head)) {
        refusal = takeBinary(head, key, body);
      } else {
        refusal = takeJson(head, key, body);
      }
    } catch (HawserException e) {
      refusal = Optional.of(HttpAnswer.error(400, e.getMessage()));
    }
    if (refusal.isEmpty()) {
      connection.answerWhole(OK.duplicate());
    } else {
      connection.answer(refusal.get());
    }
  }

  private Optional<HttpAnswer> takeBinary(Head head, Key key, ByteBuf body) {
    boolean raw = "1".equals(head.headers().get(Wire.IS_RAW_BYTES));
    String format = head.headers().get(Wire.SERDE_FORMAT, Payloads.CONTAINER);
    if (!raw && !format.equals(Payloads.CONTAINER)) {
      body.release();
      return Optional.of(
          HttpAnswer.error(400, "Unknown %s '%s'".formatted(Wire.SERDE_FORMAT, format)));
    }
    String sequence = head.headers().get(Wire.SEQUENCE);
    boolean wanted = communicator.options().containers().test(key);
    ByteBuf payload = sequence == null && !raw ? Payloads.checked(body) : body;
    ByteBuf message = raw && wanted ? Payloads.containerOf(payload) : payload;
    return sequence == null
        ? once(SenderRank.of(head), key, message)
        : inOrder(SenderRank.of(head), sequence, key, message);
  }

  private Optional<HttpAnswer> takeJson(Head head, Key key, ByteBuf body) {
    LegacyMessage message;
    try {
      message = LegacyMessage.read(body);
    } catch (LegacyMessage.Malformed e) {
      return Optional.of(HttpAnswer.error(e.status(), e.getMessage()));
    } finally {
      body.release();
    }
    Optional<HttpAnswer> refusal = SenderRank.refusal(message.fromRank(), head, communicator);
    if (refusal.isPresent()) {
      return refusal;
    }
    boolean wanted = communicator.options().containers().test(key);
    return once(message.fromRank(), key, Payloads.of(message, wanted));
  }

  /**
   * From one of mplang's workers: the mailbox there holds one message a key. One at a time, since
   * two of a key may come over two connections at once.
   */
  private synchronized Optional<HttpAnswer> once(int from, Key key, ByteBuf payload) {
    if (communicator.has(from, key)) {
      payload.release();
      return Optional.of(
          HttpAnswer.error(
              500, "Mailbox overflow: key (%d, '%s') already exists".formatted(from, key)));
    }
    communicator.deliver(from, key, new HttpMessage(payload));
    return Optional.empty();
  }

  private Optional<HttpAnswer> inOrder(int from, String sequence, Key key, ByteBuf payload) {
    Optional<SenderHistory.Place> place = SenderHistory.Place.parse(sequence);
    if (place.isEmpty()) {
      payload.release();
      return Optional.of(HttpAnswer.error(400, "invalid %s header".formatted(Wire.SEQUENCE)));
    }
    HttpPeer peer = communicator.of(from);
    SenderHistory.Outcome outcome =
        peer.history()
            .take(
                place.get(),
                peer::startedAnew,
                () -> communicator.deliver(from, key, new HttpMessage(payload)));
    if (outcome != SenderHistory.Outcome.DELIVERED) {
      payload.release();
    }
    if (outcome == SenderHistory.Outcome.STALE) {
      return Optional.of(
          HttpAnswer.error(
              409,
              "rank %d: rank %d has started anew since it sent this"
                  .formatted(communicator.rank(), from)));
    }
    peer.isThere();
    return Optional.empty();
  }
}
