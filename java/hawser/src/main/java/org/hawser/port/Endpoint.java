package org.hawser.port;

import java.time.Duration;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Platform;
import org.hawser.ffi.NativePortEndpoint;

/**
 * One end of a connection to be. Its bytes go to the peer by any means; both sides then connect. It
 * serves one connection and may be closed after.
 */
public final class Endpoint extends PortObject {
  private final PortContext context;
  private final EndpointConfig config;
  private final NativePortEndpoint endpoint;

  private Endpoint(PortContext context, EndpointConfig config, NativePortEndpoint endpoint) {
    super("this endpoint of %s".formatted(config.transport()), endpoint::close, context);
    this.context = context;
    this.config = config;
    this.endpoint = endpoint;
  }

  static Endpoint open(PortContext context, EndpointConfig config) {
    context.enter();
    try {
      var made = new Endpoint(context, config, context.port().endpoint(config.toNative()));
      made.announce();
      return made;
    } finally {
      context.leave();
    }
  }

  public EndpointConfig config() {
    return config;
  }

  /** What the peer's {@link #connect} wants. */
  public byte[] serialize() {
    enter();
    try {
      return endpoint.bytes();
    } finally {
      leave();
    }
  }

  /**
   * Connects to the peer's endpoint. Both sides call it; each waits for the other.
   *
   * @param peer what the peer's {@link #serialize} returned
   * @throws HawserException TIMEOUT when the peer did not connect in time, INVALID_ARGUMENT when
   *     the bytes are no endpoint's or its transport is another one; it names the peer's rank
   */
  public Connection connect(byte[] peer, Duration timeout) {
    var deadline = Deadline.in(timeout);
    enter();
    try {
      var made =
          Platform.call(
              () ->
                  new Connection(
                      context, config.transport(), endpoint.connect(peer, deadline.leftOrZero())));
      made.announce();
      return made;
    } finally {
      leave();
    }
  }
}
