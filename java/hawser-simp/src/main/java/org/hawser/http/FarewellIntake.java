package org.hawser.http;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Hears that a Hawser peer has ended, and how. */
final class FarewellIntake implements Intake {
  private static final int MAX_REASON_BYTES = 2048;

  private final HttpCommunicator communicator;

  FarewellIntake(HttpCommunicator communicator) {
    this.communicator = communicator;
  }

  @Override
  public Optional<HttpAnswer> check(Head head) {
    return SenderRank.refusal(head, communicator);
  }

  @Override
  public void take(Head head, ByteBuf body, ServerConnection connection) {
    int length = Math.min(MAX_REASON_BYTES, body.readableBytes());
    String how = body.toString(body.readerIndex(), length, StandardCharsets.UTF_8);
    body.release();
    communicator
        .of(SenderRank.of(head))
        .hasEnded(new HawserException(ErrorCode.CLOSED, "it " + how));
    connection.answerWhole(MessageIntake.OK.duplicate());
  }
}
