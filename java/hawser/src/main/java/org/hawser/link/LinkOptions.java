package org.hawser.link;

import java.time.Duration;
import java.util.function.IntPredicate;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * How to open a link; the same for all its parties.
 *
 * @param id tells the link from others between the same parties. One that failed leaves messages
 *     behind, so that the next one takes another
 * @param tag under which its channels' messages go, {@code tag:id:...}. Links of one tag may be
 *     open at a time when their ids differ and they need no handshake
 * @param handshake whether the parties see to it that they reach each other before anything else:
 *     not needed where they are known to
 * @param recvTimeout how long to wait for a message, counted from each call
 * @param throttleWindow how many throttled sends may be under way to one peer; 0 means any number
 * @param notified the ranks that are told when this party gives up; others, which are not Hawser's,
 *     would not understand
 * @param brpc what {@link LinkMode#BRPC} needs besides
 */
public record LinkOptions(
    String id,
    String tag,
    boolean handshake,
    Duration recvTimeout,
    long throttleWindow,
    IntPredicate notified,
    BrpcOptions brpc) {
  private static final IntPredicate EVERYBODY = _ -> true;

  /** The link {@code spu}, which waits 100 seconds for a message. */
  public static final LinkOptions DEFAULT =
      new LinkOptions(
          BaseChannel.DEFAULT_PREFIX,
          BaseChannel.DEFAULT_PREFIX,
          true,
          Duration.ofSeconds(100),
          0,
          EVERYBODY,
          BrpcOptions.DEFAULT);

  /**
   * @throws HawserException INVALID_ARGUMENT for an empty id or a timeout of nothing
   */
  public LinkOptions {
    if (id.isBlank() || tag.isBlank() || !recvTimeout.isPositive() || throttleWindow < 0) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a link has an id, a tag, a timeout above 0 and a window of 0 or more: not \"%s\", \"%s\", %s and %d"
              .formatted(id, tag, recvTimeout, throttleWindow));
    }
  }

  /** Another link, under a tag of its own. */
  public LinkOptions withId(String value) {
    return new LinkOptions(value, value, handshake, recvTimeout, throttleWindow, notified, brpc);
  }

  /** The same link under a tag that it may share with others. */
  public LinkOptions withTag(String value) {
    return new LinkOptions(id, value, handshake, recvTimeout, throttleWindow, notified, brpc);
  }

  /** For parties that are known to reach each other, and an id that no link has had before. */
  public LinkOptions withoutHandshake() {
    return new LinkOptions(id, tag, false, recvTimeout, throttleWindow, notified, brpc);
  }

  public LinkOptions withRecvTimeout(Duration value) {
    return new LinkOptions(id, tag, handshake, value, throttleWindow, notified, brpc);
  }

  public LinkOptions withThrottleWindow(long value) {
    return new LinkOptions(id, tag, handshake, recvTimeout, value, notified, brpc);
  }

  public LinkOptions withNotified(IntPredicate value) {
    return new LinkOptions(id, tag, handshake, recvTimeout, throttleWindow, value, brpc);
  }

  public LinkOptions withBrpc(BrpcOptions value) {
    return new LinkOptions(id, tag, handshake, recvTimeout, throttleWindow, notified, value);
  }

  /** A link beside this one, whose parties have reached each other already. */
  LinkOptions child(String childId) {
    return withId(childId).withTag(tag).withoutHandshake();
  }

  /** What all keys of the link's messages begin with, and no other open link's. */
  String scope() {
    return tag.equals(id) ? tag + ":" : tag + ":" + id + ":";
  }
}
