package org.hawser.spu;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.link.LinkCommunicator;
import org.hawser.link.LinkMode;
import org.hawser.link.LinkOptions;

/**
 * How a session's parties meet. All of them use equal ones.
 *
 * @param linkMode what carries programs' messages; shares of inputs and of what is revealed always
 *     go over the communicator
 * @param link its id is the session's and tells it from others over the same communicator: letters,
 *     digits, dots, dashes and underscores, 64 at most. Its timeout is the session's for any
 *     message
 * @param addresses where each party listens, {@code host:port}, for {@link LinkMode#BRPC}
 */
public record SessionOptions(LinkMode linkMode, LinkOptions link, List<String> addresses) {
  // Before what is made with it.
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** Over the communicator, waiting 100 seconds for a message, as the session {@code spu}. */
  public static final SessionOptions DEFAULT =
      new SessionOptions(LinkMode.CHANNELS, LinkOptions.DEFAULT, List.of());

  /**
   * @throws HawserException (INVALID_ARGUMENT) for an id that is none
   */
  public SessionOptions {
    if (!ID.matcher(link.id()).matches()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a session's id has 1 to 64 letters, digits, '.', '-' or '_': not '%s'"
              .formatted(link.id()));
    }
    addresses = List.copyOf(addresses);
  }

  public String id() {
    return link.id();
  }

  public Duration timeout() {
    return link.recvTimeout();
  }

  public SessionOptions withId(String id) {
    return withLink(link.withId(id));
  }

  public SessionOptions withTimeout(Duration timeout) {
    return withLink(link.withRecvTimeout(timeout));
  }

  public SessionOptions withLink(LinkOptions options) {
    return new SessionOptions(linkMode, options, addresses);
  }

  public SessionOptions withLinkMode(LinkMode mode) {
    return new SessionOptions(mode, link, addresses);
  }

  /** Over {@link LinkMode#BRPC}, with these addresses, one a party. */
  public SessionOptions withBrpc(List<String> hostsAndPorts) {
    return new SessionOptions(LinkMode.BRPC, link, hostsAndPorts);
  }

  LinkCommunicator openLink(Communicator communicator, List<Integer> parties) {
    int[] mask = parties.stream().mapToInt(Integer::intValue).toArray();
    return switch (linkMode) {
      case CHANNELS -> LinkCommunicator.channels(communicator, mask, addresses, link);
      case MEM -> LinkCommunicator.mem(communicator.rank(), mask, link);
      case BRPC -> LinkCommunicator.brpc(communicator.rank(), mask, addresses, link);
    };
  }
}
