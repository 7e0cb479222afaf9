package org.hawser.lane;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Platform;
import org.hawser.ffi.HawserLibrary;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.NativeEngine;
import org.hawser.ffi.NativeLink;
import org.hawser.mem.Buffer;

/**
 * The lanes of this machine, open for links to others. Any thread may use it, many at once.
 *
 * <pre>{@code
 * try (Lanes lanes = Lanes.open();
 *     Link link = lanes.connect("host", Lanes.PORT, Duration.ofSeconds(10));
 *     Buffer buffer = lanes.allocate(16 << 20)) {
 *   link.send(buffer.segment(), 7).await(Duration.ofSeconds(30));
 * }
 * }</pre>
 *
 * <p>Platform threads that wait move the bytes themselves. Virtual threads only park; a background
 * thread works for them.
 */
public final class Lanes implements AutoCloseable {
  /** Where a server listens unless told otherwise. */
  public static final int PORT = Layouts.BOOTSTRAP_PORT;

  private static final Duration ATTACH_TIMEOUT = Duration.ofSeconds(30);
  private static final int MAX_PORT = 0xffff;

  private final LaneOptions options;
  private final Engine engine;
  private final Driver driver;
  private final int count;
  private final Gate gate = new Gate("this Lanes");
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final Set<LaneServer> servers = ConcurrentHashMap.newKeySet();

  private Lanes(LaneOptions options, NativeEngine nativeEngine) {
    this.options = options;
    this.count = nativeEngine.lanes();
    this.engine = new Engine(nativeEngine);
    this.driver = new Driver(engine, options.waitMode());
  }

  /** Opens lanes as the environment says: {@link LaneOptions#fromEnvironment}. */
  public static Lanes open() {
    return open(LaneOptions.fromEnvironment());
  }

  /**
   * Opens lanes.
   *
   * @throws HawserException when the native library cannot be used, or a device cannot
   */
  public static Lanes open(LaneOptions options) {
    var lanes = new Lanes(options, NativeEngine.open(options.toNative()));
    lanes.driver.start();
    return lanes;
  }

  /**
   * The address of the first of the lanes that these options open: what peers can reach, whatever
   * this host calls itself.
   */
  public static String address(LaneOptions options) {
    return devices(options.lanes()).stream()
        .filter(device -> device.lane() == 0)
        .map(Device::address)
        .findFirst()
        .orElseThrow(
            () -> new HawserException(ErrorCode.INTERNAL, "the first lane has no address"));
  }

  /**
   * All devices of this machine, with the lanes that a list of devices would choose among them.
   *
   * @param lanes as {@link LaneOptions#lanes()}
   */
  public static List<Device> devices(String lanes) {
    return HawserLibrary.devices(lanes, Device::read);
  }

  /** The kernel features that the native half found, as one JSON object. */
  public static String features() {
    return HawserLibrary.features();
  }

  /**
   * What of GPUs, NCCL's network plugins and libfabric is on this machine, as one JSON object. A
   * driver or plugin that crashes or hangs is told of, no more: each of the three is asked in a
   * process of its own, for {@code limit} at most.
   */
  public static String survey(Duration limit) {
    return HawserLibrary.survey(limit);
  }

  public LaneOptions options() {
    return options;
  }

  /** The number of lanes. */
  public int count() {
    return count;
  }

  /**
   * Maps memory for transfers: {@link Buffer#allocate}. It is the caller's to close, before or
   * after these lanes.
   */
  public Buffer allocate(long bytes) {
    return Buffer.allocate(bytes);
  }

  /**
   * Listens for parties that connect.
   *
   * @param bindAddress the address to listen at, null for all
   * @param port 0 for a free one
   * @throws HawserException when the address cannot be bound
   */
  public LaneServer listen(String bindAddress, int port) {
    checkPort(port, 0);
    gate.enter();
    try {
      var listener = engine.nativeEngine().listen(bindAddress, port);
      var server = new LaneServer(listener, this::attach, servers::remove);
      servers.add(server);
      return server;
    } finally {
      gate.leave();
    }
  }

  /**
   * Connects all lanes to a server.
   *
   * @throws HawserException when it is not reached in time, or refuses
   */
  public Link connect(String host, int port, Duration timeout) {
    checkPort(port, 1);
    var deadline = Deadline.in(timeout);
    gate.enter();
    try {
      return Platform.call(
          () -> attach(engine.nativeEngine().connect(host, port, Math.max(0, deadline.left()))));
    } finally {
      gate.leave();
    }
  }

  /**
   * Waits for a condition that a {@link TransferListener} makes true. A platform thread drives the
   * lanes meanwhile; a virtual one parks. Whoever makes the condition true on another thread
   * unparks this one.
   *
   * @return whether the condition holds
   * @throws HawserException CANCELLED when the thread is interrupted
   */
  public boolean await(BooleanSupplier done, long timeoutNanos) {
    if (!done.getAsBoolean()) {
      driver.await(done, Deadline.inNanos(timeoutNanos));
    }
    return done.getAsBoolean();
  }

  /**
   * Moves what can be moved now, when nobody else does; for threads that look in again and again.
   */
  public void progress() {
    if (!Thread.currentThread().isVirtual()) {
      driver.tryRound();
    }
  }

  private Link attach(NativeLink nativeLink) {
    return driver.exclusively(
        () -> {
          try {
            var link = new Link(engine, driver, nativeLink, options, links::remove);
            engine.add(link);
            links.add(link);
            return link;
          } catch (RuntimeException e) {
            nativeLink.close();
            throw e;
          }
        },
        Deadline.in(ATTACH_TIMEOUT));
  }

  private static void checkPort(int port, int least) {
    if (port < least || port > MAX_PORT) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a port is %d to 65535, not %d".formatted(least, port));
    }
  }

  /**
   * Closes the servers and the links, each as its own {@code close} does, and the lanes. Waits for
   * connects that are under way. Does nothing when they are closed already.
   *
   * @throws HawserException the first failure of a link to close in order; everything is closed all
   *     the same
   */
  @Override
  public void close() {
    if (!gate.shut()) {
      return;
    }
    HawserException failure = null;
    servers.forEach(LaneServer::close);
    gate.awaitEmpty();
    for (Link link : links) {
      try {
        link.close();
      } catch (HawserException e) {
        failure = failure == null ? e : failure;
      }
    }
    Platform.call(
        () -> {
          driver.close();
          return null;
        });
    if (failure != null) {
      throw failure;
    }
  }
}
