package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.HawserException;

/** A {@code hawser_link}. Every method but {@link #memory} needs the driver role of its engine. */
public final class NativeLink {
  private final long handle;

  NativeLink(long handle) {
    this.handle = handle;
  }

  /** What a {@code hawser_link_info} tells. */
  public record Info(
      int peerRank, int lanes, boolean checksum, boolean initiator, String peerHost) {}

  /** What a {@code hawser_lane_info} tells. */
  public record LaneInfo(
      String device,
      String localAddress,
      String peerAddress,
      String peerDevice,
      int speedMbps,
      int sockets,
      String lastError) {}

  /** From now on the engine drives the link; returns the link's number. */
  public int attach() {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment id = arena.allocate(JAVA_INT);
      error.check((int) Handles.ATTACH.invokeExact(handle, id.address(), error.address()));
      return id.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The {@code hawser_link_shared}, which {@link #close} frees. Any thread. */
  public MemorySegment memory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(JAVA_LONG);
      long address = (long) Handles.MEMORY.invokeExact(handle, bytes.address());
      return NativeMemory.at(address, bytes.get(JAVA_LONG, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public Info describe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(Layouts.LINK_INFO);
      new NativeError(arena).check((int) Handles.DESCRIBE.invokeExact(handle, out.address()));
      return new Info(
          out.get(JAVA_INT, Layouts.offset(Layouts.LINK_INFO, "peer_rank")),
          out.get(JAVA_INT, Layouts.offset(Layouts.LINK_INFO, "lanes")),
          out.get(JAVA_INT, Layouts.offset(Layouts.LINK_INFO, "checksum")) != 0,
          out.get(JAVA_INT, Layouts.offset(Layouts.LINK_INFO, "initiator")) != 0,
          out.getString(Layouts.offset(Layouts.LINK_INFO, "peer_host")));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public LaneInfo lane(int lane) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(Layouts.LANE_INFO);
      new NativeError(arena).check((int) Handles.LANE.invokeExact(handle, lane, out.address()));
      return new LaneInfo(
          out.getString(Layouts.offset(Layouts.LANE_INFO, "device")),
          out.getString(Layouts.offset(Layouts.LANE_INFO, "local_address")),
          out.getString(Layouts.offset(Layouts.LANE_INFO, "peer_address")),
          out.getString(Layouts.offset(Layouts.LANE_INFO, "peer_device")),
          out.get(JAVA_INT, Layouts.offset(Layouts.LANE_INFO, "speed_mbps")),
          out.get(JAVA_INT, Layouts.offset(Layouts.LANE_INFO, "sockets")),
          out.getString(Layouts.offset(Layouts.LANE_INFO, "last_error")));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Why the link has failed. */
  public HawserException error() {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      int result = (int) Handles.ERROR.invokeExact(handle, error.address());
      return error.exception(result);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Registers memory with every lane, or with none; returns the registration's number, above 0.
   *
   * @param kind a {@code hawser_memory_kind}
   */
  public long register(long address, long bytes, int kind) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment number = arena.allocate(JAVA_LONG);
      error.check(
          (int)
              Handles.REGISTER.invokeExact(
                  handle, address, bytes, kind, number.address(), error.address()));
      return number.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Undoes {@link #register}. No operation under way may carry the number. */
  public void deregister(long number) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      error.check((int) Handles.DEREGISTER.invokeExact(handle, number, error.address()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Frees the link and its registrations. Operations under way complete with CLOSED: their events
   * are posted before this returns.
   */
  public void close() {
    try {
      Handles.CLOSE.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  private static final class Handles {
    static final MethodHandle ATTACH =
        Downcall.of("hawser_link_attach", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle MEMORY =
        Downcall.of("hawser_link_memory", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle DESCRIBE =
        Downcall.of("hawser_link_describe", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle LANE =
        Downcall.of("hawser_link_lane", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
    static final MethodHandle ERROR =
        Downcall.of("hawser_link_error", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle REGISTER =
        Downcall.of(
            "hawser_link_register",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle DEREGISTER =
        Downcall.of("hawser_link_deregister", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_link_close", JAVA_LONG);
  }
}
