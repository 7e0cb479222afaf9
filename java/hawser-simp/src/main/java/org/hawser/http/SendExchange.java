package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Completion;

/** A message on its way to a peer. */
final class SendExchange extends Exchange {
  private static final int OK = 200;
  private static final int DIGITS = 24;
  // Up to here a copy costs less than a second piece to write.
  private static final int SHORT_BYTES = 4096;

  private final HttpPeer peer;
  private final ByteBuf key;
  private final boolean container;
  private final MemorySegment body;
  private final Completion completion;
  private final long context;
  // Given when it is first written, so that numbers are in the order of writing.
  private long number;

  SendExchange(
      HttpPeer peer,
      ByteBuf key,
      boolean container,
      MemorySegment body,
      Completion completion,
      long context,
      long deadline) {
    super(deadline);
    this.peer = peer;
    this.key = key;
    this.container = container;
    this.body = body;
    this.completion = completion;
    this.context = context;
  }

  @Override
  void write(Channel channel) {
    byte[] rest = container ? peer.containerHead() : peer.rawHead();
    byte[] start = peer.headStart();
    boolean isShort = body.byteSize() <= SHORT_BYTES;
    int bytes = start.length + key.readableBytes() + rest.length + 2 * DIGITS;
    bytes += isShort ? (int) body.byteSize() : 0;
    ByteBuf head = channel.alloc().directBuffer(bytes);
    head.writeBytes(start).writeBytes(key, key.readerIndex(), key.readableBytes()).writeBytes(rest);
    if (peer.numbersMessages()) {
      number = number == 0 ? peer.nextNumber() : number;
      append(head, number);
      head.writeBytes(HttpPeer.LENGTH_AFTER_NUMBER);
    }
    append(head, body.byteSize());
    head.writeBytes(HttpPeer.END);
    if (isShort) {
      head.writeBytes(body.asByteBuffer());
      channel.write(head);
    } else {
      channel.write(head);
      channel.write(Wire.wrap(body));
    }
  }

  private static void append(ByteBuf out, long decimal) {
    out.writeCharSequence(Long.toString(decimal), StandardCharsets.US_ASCII);
  }

  @Override
  boolean isRepeatable() {
    return peer.numbersMessages();
  }

  @Override
  boolean wantsBody(int status) {
    return status != OK;
  }

  @Override
  void answered(int status, HttpHeaders headers, ByteBuf answer) {
    if (status == OK) {
      completion.ended(context, null);
      return;
    }
    String detail = answer.toString(StandardCharsets.UTF_8);
    answer.release();
    failed(new HawserException(code(status), "status %d, %s".formatted(status, detail)));
  }

  private static ErrorCode code(int status) {
    return switch (status) {
      case 413 -> ErrorCode.TRUNCATED;
      case 503 -> ErrorCode.TIMEOUT;
      default -> ErrorCode.REFUSED;
    };
  }

  @Override
  void failed(HawserException reason) {
    completion.ended(
        context, peer.failure(reason, key.toString(StandardCharsets.US_ASCII), body.byteSize()));
  }
}
