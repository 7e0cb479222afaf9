package org.hawser.http;

import java.time.Duration;
import java.util.function.Predicate;
import org.hawser.comm.Key;
import org.hawser.comm.Mailbox;

/**
 * How a communicator over HTTP behaves.
 *
 * @param containers the keys whose messages are serde's binary containers; those of all others are
 *     bytes. Asked by many threads
 * @param sendTimeout after which a send has failed
 * @param peerTimeout for how long a peer that was there may be out of reach before it counts as
 *     gone, and how long a peer may take to come up
 * @param mailboxBytes that may wait to be received; when there are more, senders wait
 */
public record HttpCommunicatorOptions(
    Predicate<Key> containers, Duration sendTimeout, Duration peerTimeout, long mailboxBytes) {
  /** Bytes alone, a minute, ten seconds, 1 GiB. */
  public static final HttpCommunicatorOptions DEFAULT =
      new HttpCommunicatorOptions(
          key -> false, Duration.ofSeconds(60), Duration.ofSeconds(10), Mailbox.DEFAULT_LIMIT);

  public HttpCommunicatorOptions withContainers(Predicate<Key> newContainers) {
    return new HttpCommunicatorOptions(newContainers, sendTimeout, peerTimeout, mailboxBytes);
  }

  public HttpCommunicatorOptions withSendTimeout(Duration newSendTimeout) {
    return new HttpCommunicatorOptions(containers, newSendTimeout, peerTimeout, mailboxBytes);
  }

  public HttpCommunicatorOptions withPeerTimeout(Duration newPeerTimeout) {
    return new HttpCommunicatorOptions(containers, sendTimeout, newPeerTimeout, mailboxBytes);
  }

  public HttpCommunicatorOptions withMailboxBytes(long newMailboxBytes) {
    return new HttpCommunicatorOptions(containers, sendTimeout, peerTimeout, newMailboxBytes);
  }
}
