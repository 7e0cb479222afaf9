package org.hawser.link;

import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * How to open a link; the same for all its parties.
 *
 * @param id tells the link from others between the same parties. One that failed leaves messages
 *     behind, so that the next one takes another
 * @param recvTimeout how long to wait for a message, counted from each call
 * @param throttleWindow how many throttled sends may be under way to one peer; 0 means any number
 * @param brpc what {@link LinkMode#BRPC} needs besides
 */
public record LinkOptions(String id, Duration recvTimeout, long throttleWindow, BrpcOptions brpc) {
  /** The link {@code spu}, which waits 100 seconds for a message. */
  public static final LinkOptions DEFAULT =
      new LinkOptions(BaseChannel.DEFAULT_PREFIX, Duration.ofSeconds(100), 0, BrpcOptions.DEFAULT);

  /**
   * @throws HawserException INVALID_ARGUMENT for an empty id or a timeout of nothing
   */
  public LinkOptions {
    if (id.isBlank() || !recvTimeout.isPositive() || throttleWindow < 0) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a link has an id, a timeout above 0 and a window of 0 or more: not \"%s\", %s and %d"
              .formatted(id, recvTimeout, throttleWindow));
    }
  }

  public LinkOptions withId(String value) {
    return new LinkOptions(value, recvTimeout, throttleWindow, brpc);
  }

  public LinkOptions withRecvTimeout(Duration value) {
    return new LinkOptions(id, value, throttleWindow, brpc);
  }

  public LinkOptions withThrottleWindow(long value) {
    return new LinkOptions(id, recvTimeout, value, brpc);
  }

  public LinkOptions withBrpc(BrpcOptions value) {
    return new LinkOptions(id, recvTimeout, throttleWindow, value);
  }
}
