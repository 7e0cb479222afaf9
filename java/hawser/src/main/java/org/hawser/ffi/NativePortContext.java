package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.HawserException;

/**
 * A {@code hawser_port_context}. Any thread may call, until {@link #close}; the caller sees to it
 * that everything made from it is closed before, and that no call is under way then.
 */
public final class NativePortContext {
  private final long handle;

  private NativePortContext(long handle) {
    this.handle = handle;
  }

  /** What a {@code hawser_endpoint_config} says; 0 and "" ask for the header's defaults. */
  public record EndpointOptions(
      int transport, int device, int maxCqSize, int maxCqPollNum, int maxSendWr, String provider) {
    long write(Arena arena) {
      MemorySegment to = arena.allocate(PortLayouts.ENDPOINT_CONFIG);
      number(to, "struct_size", Math.toIntExact(to.byteSize()));
      number(to, "transport", transport);
      number(to, "device", device);
      number(to, "ib_max_cq_size", maxCqSize);
      number(to, "ib_max_cq_poll_num", maxCqPollNum);
      number(to, "ib_max_send_wr", maxSendWr);
      NativeMemory.setText(
          to,
          PortLayouts.ENDPOINT_CONFIG,
          "ib_provider",
          provider,
          "the name of the libfabric provider");
      return to.address();
    }

    private static void number(MemorySegment to, String field, int value) {
      to.set(JAVA_INT, Layouts.offset(PortLayouts.ENDPOINT_CONFIG, field), value);
    }
  }

  /**
   * Opens a context.
   *
   * @param address where peers reach this process, a numeric address or a device; "" for the first
   *     lane's
   * @param lanes of the transport Tcp; its rank is this process's
   */
  public static NativePortContext open(String address, NativeConfig lanes) {
    HawserLibrary.require();
    return new NativePortContext(
        NativeCall.open(
            (arena, out, error) -> {
              MemorySegment config = arena.allocate(PortLayouts.PORT_CONFIG);
              config.set(JAVA_INT, 0, Math.toIntExact(config.byteSize()));
              config.set(JAVA_INT, Layouts.offset(PortLayouts.PORT_CONFIG, "rank"), lanes.rank());
              NativeMemory.setText(
                  config, PortLayouts.PORT_CONFIG, "address", address, "the address");
              long lanesAt = Layouts.offset(PortLayouts.PORT_CONFIG, "lanes");
              config.asSlice(lanesAt).copyFrom(lanes.write(arena));
              int result = (int) Handles.OPEN.invokeExact(config.address(), out, error);
              lanes.keepIdentity();
              NativeStat.activate();
              return result;
            }));
  }

  /** Frees it, its listeners and threads. */
  public void close() {
    NativeCall.run(Handles.CLOSE, handle);
  }

  /**
   * @throws HawserException (UNSUPPORTED) with the reason, when the transport cannot be used here
   */
  public void requireAvailable(int transport) {
    NativeCall.check((_, error) -> (int) Handles.AVAILABLE.invokeExact(handle, transport, error));
  }

  public NativePortEndpoint endpoint(EndpointOptions options) {
    return new NativePortEndpoint(
        NativeCall.open(
            (arena, out, error) -> {
              long config = options.write(arena);
              return (int) Handles.ENDPOINT_OPEN.invokeExact(handle, config, out, error);
            }));
  }

  /**
   * Registers memory, which must outlive its registration.
   *
   * @param kind a {@code hawser_memory_kind}
   * @param transports a mask of {@code 1 << transport}
   */
  public NativePortMemory register(long address, long bytes, int kind, int transports) {
    return new NativePortMemory(
        NativeCall.open(
            (_, out, error) ->
                (int)
                    Handles.REGISTER.invokeExact(
                        handle, address, bytes, kind, transports, out, error)));
  }

  /** A peer's memory; blocks up to {@code timeoutNanos}. */
  public NativePortMemory importMemory(byte[] told, long timeoutNanos) {
    return new NativePortMemory(
        NativeCall.open(
            (arena, out, error) -> {
              long bytes = NativeCall.copy(arena, told);
              return (int)
                  Handles.IMPORT.invokeExact(handle, bytes, told.length, timeoutNanos, out, error);
            }));
  }

  public NativeProxy proxy(int fifo) {
    return new NativeProxy(
        NativeCall.open(
            (_, out, error) -> (int) Handles.PROXY.invokeExact(handle, fifo, out, error)));
  }

  private static final class Handles {
    static final MethodHandle OPEN =
        Downcall.of("hawser_port_open", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_port_close", JAVA_LONG);
    static final MethodHandle AVAILABLE =
        Downcall.of("hawser_port_available", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
    static final MethodHandle ENDPOINT_OPEN =
        Downcall.of("hawser_endpoint_open", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle REGISTER =
        Downcall.of(
            "hawser_memory_register",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle IMPORT =
        Downcall.of(
            "hawser_memory_import",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle PROXY =
        Downcall.of("hawser_proxy_open", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  }
}
