package org.hawser.http;

import io.netty.buffer.ByteBuf;
import java.util.Optional;

/** Hears that a Hawser peer is there, and whether it has started anew. */
final class HelloIntake implements Intake {
  private final HttpCommunicator communicator;

  HelloIntake(HttpCommunicator communicator) {
    this.communicator = communicator;
  }

  @Override
  public Optional<HttpAnswer> check(Head head) {
    return SenderRank.refusal(head, communicator);
  }

  @Override
  public void take(Head head, ByteBuf body, ServerConnection connection) {
    body.release();
    Optional<Long> epoch = SenderHistory.epoch(head.headers().get(Wire.EPOCH, ""));
    epoch.ifPresent(communicator.of(SenderRank.of(head))::hears);
    connection.answer(
        epoch.isPresent()
            ? HttpAnswer.text(200, MediaTypes.JSON, "{}")
            : HttpAnswer.error(400, "Missing or invalid %s header".formatted(Wire.EPOCH)));
  }
}
