package org.hawser.spu;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.link.LinkCommunicator;
import org.hawser.link.LinkMode;

/**
 * How a session's parties meet. All of them use equal ones.
 *
 * @param id tells the session from others over the same communicator: letters, digits, dots, dashes
 *     and underscores, 64 at most. One that has failed leaves messages behind, so that the next one
 *     takes another
 * @param linkMode what carries the link. Inputs and what is revealed always go over the
 *     communicator
 * @param timeout how long to wait for a party's next message
 * @param addresses where each party listens, {@code host:port}, for {@link LinkMode#BRPC}
 */
public record SessionOptions(
    String id, LinkMode linkMode, Duration timeout, List<String> addresses) {
  /** Over the communicator, waiting 100 seconds for a message, as the session {@code spu}. */
  public static final SessionOptions DEFAULT =
      new SessionOptions("spu", LinkMode.CHANNELS, Duration.ofSeconds(100), List.of());

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /**
   * @throws HawserException (INVALID_ARGUMENT) for an id or a timeout that is none
   */
  public SessionOptions {
    if (!ID.matcher(id).matches()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a session's id has 1 to 64 letters, digits, '.', '-' or '_': not '%s'".formatted(id));
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a session's timeout is positive, not " + timeout);
    }
    addresses = List.copyOf(addresses);
  }

  public SessionOptions withId(String newId) {
    return new SessionOptions(newId, linkMode, timeout, addresses);
  }

  public SessionOptions withLinkMode(LinkMode mode) {
    return new SessionOptions(id, mode, timeout, addresses);
  }

  public SessionOptions withTimeout(Duration limit) {
    return new SessionOptions(id, linkMode, limit, addresses);
  }

  /** Over {@link LinkMode#BRPC}, with these addresses, one a party. */
  public SessionOptions withBrpc(List<String> hostsAndPorts) {
    return new SessionOptions(id, LinkMode.BRPC, timeout, hostsAndPorts);
  }

  LinkCommunicator openLink(Communicator communicator, List<Integer> parties) {
    int[] mask = parties.stream().mapToInt(Integer::intValue).toArray();
    throw new HawserException(ErrorCode.UNSUPPORTED, "no links of mode " + linkMode + mask.length);
  }
}
