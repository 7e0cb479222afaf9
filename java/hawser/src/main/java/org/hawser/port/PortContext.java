package org.hawser.port;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativePortContext;
import org.hawser.lane.LaneOptions;
import org.hawser.mem.DeviceBuffer;

/**
 * What a process has one of: its name to peers, where they reach it, its transports. Listeners and
 * threads of it live until {@link #close}, which ends everything that was made from it.
 */
public final class PortContext extends PortObject {
  /** How long an operation waits for room when it is not told. */
  public static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final NativePortContext port;

  private PortContext(NativePortContext port) {
    super("this context of ports", port::close);
    this.port = port;
  }

  /** Opens a context as the environment says: {@link LaneOptions#fromEnvironment}. */
  public static PortContext open() {
    return open(LaneOptions.fromEnvironment());
  }

  /** As {@link #open(LaneOptions, String)}, reached at the first lane's address. */
  public static PortContext open(LaneOptions options) {
    return open(options, "");
  }

  /**
   * Opens a context.
   *
   * @param options of the lanes that the transport Tcp opens; the rank is told to peers
   * @param address where peers reach this process: a numeric address or a device's name; empty for
   *     the first lane's
   * @throws HawserException when the native library cannot be used, or the address cannot
   */
  public static PortContext open(LaneOptions options, String address) {
    return new PortContext(NativePortContext.open(address, options.toNative()));
  }

  /** Why a transport cannot be used here; empty when it can. */
  public Optional<HawserException> unavailability(Transport transport) {
    enter();
    try {
      port.requireAvailable(transport.number());
      return Optional.empty();
    } catch (HawserException e) {
      if (e.code() == ErrorCode.UNSUPPORTED) {
        return Optional.of(e);
      }
      throw e;
    } finally {
      leave();
    }
  }

  /** The transports that can be used here. */
  public Set<Transport> transports() {
    Set<Transport> usable = EnumSet.noneOf(Transport.class);
    Arrays.stream(Transport.values())
        .filter(transport -> unavailability(transport).isEmpty())
        .forEach(usable::add);
    return usable;
  }

  /**
   * One end of a connection.
   *
   * @throws HawserException UNSUPPORTED, with the reason, when its transport cannot be used here
   */
  public Endpoint endpoint(EndpointConfig config) {
    return Endpoint.open(this, config);
  }

  /**
   * Registers memory, which stays the caller's. A {@link org.hawser.mem.Buffer} may be closed
   * before the registration: its pages go when that is closed too. Any other memory must outlive
   * it.
   *
   * @param segment outside the heap; for {@link Transport#MEMORY} as a destination it lies in a
   *     {@link org.hawser.mem.Buffer#allocateShared shared buffer}
   * @param transports that peers reach it by; a source needs none but IB's
   */
  public RegisteredMemory register(MemorySegment segment, Transport... transports) {
    return RegisteredMemory.register(this, segment, RegisteredMemory.of(transports));
  }

  /**
   * Registers memory of a GPU, which stays the caller's and must outlive its registration.
   *
   * @param transports that peers reach it by
   */
  public RegisteredMemory register(DeviceBuffer buffer, Transport... transports) {
    return RegisteredMemory.register(this, buffer, RegisteredMemory.of(transports));
  }

  /**
   * A peer's memory.
   *
   * @param told what the peer's {@link RegisteredMemory#serialize} returned
   * @param timeout for transports that ask the peer for it
   */
  public RegisteredMemory deserialize(byte[] told, Duration timeout) {
    return RegisteredMemory.deserialize(this, told, timeout);
  }

  /** Proxies serve what they have while the memories that it names are there. */
  @Override
  void ending() {
    children(ProxyService.class).forEach(PortObject::close);
    children(Connection.class).forEach(PortObject::close);
  }

  NativePortContext port() {
    return port;
  }
}
