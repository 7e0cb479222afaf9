package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import org.hawser.HawserException;

/** A request and its answer, as the client has them under way. Its thread is its connections'. */
abstract class Exchange {
  /** When it must have its answer, as {@link System#nanoTime} counts. */
  final long deadline;

  Exchange(long deadline) {
    this.deadline = deadline;
  }

  /** Writes the request, without a flush; again when a connection was lost and it may be. */
  abstract void write(Channel channel);

  /** Whether it may be sent again when nobody knows whether the receiver has had it. */
  abstract boolean isRepeatable();

  /** Whether anybody reads the body of an answer with this status. */
  abstract boolean wantsBody(int status);

  /**
   * The answer is there. Called once, unless {@link #failed} is.
   *
   * @param body null when it was not wanted; the exchange's, to be released
   */
  abstract void answered(int status, HttpHeaders headers, ByteBuf body);

  /** There will be no answer. Nothing touches the request's memory any more. */
  abstract void failed(HawserException reason);
}
