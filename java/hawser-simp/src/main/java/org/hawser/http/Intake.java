package org.hawser.http;

import io.netty.buffer.ByteBuf;
import java.util.Optional;

/** What a route does with requests. Called by the connection's thread, which it must not block. */
interface Intake {
  /**
   * Looks at a request before its body is read.
   *
   * @return the answer that refuses it, or nothing: go on
   */
  default Optional<HttpAnswer> check(Head head) {
    return Optional.empty();
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
