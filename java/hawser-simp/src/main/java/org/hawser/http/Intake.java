package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Optional;

/** What a route does with requests. Called by the connection's thread, which it must not block. */
interface Intake {
  /** How much memory a body is given before it comes. */
  int EAGER_BYTES = 1 << 20;

  /**
   * Looks at a request before its body is read.
   *
   * @return the answer that refuses it, or nothing: go on
   */
  default Optional<HttpAnswer> check(Head head) {
    return Optional.empty();
  }

  /**
   * Memory for a request's body. What the head claims may never come, so that no more than a part
   * is provided at once unless untouched memory costs nothing.
   *
   * @param length 0 when it is not known
   * @return writable, of the length or growing to it
   */
  default ByteBuf body(long length, ByteBufAllocator allocator) {
    return allocator.directBuffer(Math.clamp(length, 1, EAGER_BYTES));
  }

  /**
   * Whether there is room for the request's body. When not, the connection is not read any further
   * until {@code retry} has been run, by any thread.
   */
  default boolean hasRoom(Head head, Runnable retry) {
    return true;
  }

  /**
   * Takes a whole request. {@link ServerConnection#answer} is called once, now or later.
   *
   * @param body the intake's, to be released
   */
  void take(Head head, ByteBuf body, ServerConnection connection);
}
