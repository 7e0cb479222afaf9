package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What the native library says about itself and about the machine. Any thread may call; nothing
 * here blocks for long.
 */
public final class HawserLibrary {
  private static final int MAX_DEVICES = 256;
  private static final int FEATURES_BYTES = 8192;
  private static final int SURVEY_BYTES = 1 << 20;

  private HawserLibrary() {}

  /**
   * One fact about a struct ({@code "hawser_op"}) or a field of it ({@code "hawser_op.tag"}), in
   * bytes.
   */
  record Fact(String name, long offset, long size) {}

  /**
   * Loads the library where that has not been done, and sees to it that it speaks this module's
   * language.
   *
   * @throws HawserException when it cannot be loaded, or (VERSION_MISMATCH) is of another ABI
   *     version
   */
  public static void require() {
    int found = abiVersion();
    if (found != Layouts.ABI_VERSION) {
      throw new HawserException(
          ErrorCode.VERSION_MISMATCH,
          "the native library from %s has ABI version %d, this module needs %d: install both from one build"
              .formatted(NativeLibrary.origin(), found, Layouts.ABI_VERSION));
    }
  }

  /** The ABI version of the library that is loaded. */
  public static int abiVersion() {
    NativeLibrary.symbols();
    try {
      return (int) Handles.ABI_VERSION.invokeExact();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The library's own version, as in {@code "0.1.0"}. */
  public static String version() {
    NativeLibrary.symbols();
    try {
      return NativeMemory.at((long) Handles.VERSION.invokeExact(), 64).getString(0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The kernel features found, as one JSON object. */
  public static String features() {
    require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(FEATURES_BYTES);
      int _ = (int) Handles.FEATURES.invokeExact(out.address(), FEATURES_BYTES);
      return out.getString(0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * What of GPUs, NCCL's network plugins and libfabric is here, as one JSON object. Each is asked
   * in a process of its own, which is given up after {@code limit}.
   */
  public static String survey(Duration limit) {
    require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(SURVEY_BYTES);
      int _ = (int) Handles.SURVEY.invokeExact(limit.toNanos(), out.address(), SURVEY_BYTES);
      return out.getString(0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * All devices of this machine, with the lanes that {@code spec} chooses among them; null asks for
   * the default rule.
   *
   * @param reader makes what the caller wants of one {@code hawser_device}, which is gone when this
   *     returns
   */
  public static <D> List<D> devices(String spec, Function<MemorySegment, D> reader) {
    require();
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment out = arena.allocate(Layouts.DEVICE, MAX_DEVICES);
      MemorySegment count = arena.allocate(JAVA_INT);
      error.check(
          (int)
              Handles.DEVICES.invokeExact(
                  NativeMemory.text(arena, spec),
                  out.address(),
                  MAX_DEVICES,
                  count.address(),
                  error.address()));
      List<D> devices = new ArrayList<>();
      for (int i = 0; i < Math.min(count.get(JAVA_INT, 0), MAX_DEVICES); i++) {
        devices.add(reader.apply(out.asSlice(i * Layouts.DEVICE.byteSize(), Layouts.DEVICE)));
      }
      return devices;
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Fact number {@code index} about the header's structs; empty past the last one. */
  static Optional<Fact> fact(int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(Layouts.LAYOUT);
      int result = (int) Handles.LAYOUT_AT.invokeExact(index, out.address());
      if (result != 0) {
        return Optional.empty();
      }
      return Optional.of(
          new Fact(
              out.getString(Layouts.offset(Layouts.LAYOUT, "name")),
              out.get(JAVA_LONG, Layouts.offset(Layouts.LAYOUT, "offset")),
              out.get(JAVA_LONG, Layouts.offset(Layouts.LAYOUT, "size"))));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Linked at first use, after the library is known to be there. */
  private static final class Handles {
    static final MethodHandle ABI_VERSION = Downcall.of("hawser_abi_version", JAVA_INT);
    static final MethodHandle VERSION = Downcall.of("hawser_version", JAVA_LONG);
    static final MethodHandle LAYOUT_AT =
        Downcall.of("hawser_layout_at", JAVA_INT, JAVA_INT, JAVA_LONG);
    static final MethodHandle FEATURES =
        Downcall.of("hawser_features", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle SURVEY =
        Downcall.of("hawser_survey", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle DEVICES =
        Downcall.of(
            "hawser_devices", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  }
}
