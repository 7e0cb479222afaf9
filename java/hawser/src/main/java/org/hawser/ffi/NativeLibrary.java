package org.hawser.ffi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * The native half, {@code libhawser.so}, loaded once a process when first asked for.
 *
 * <p>It is looked for in the file or folder that the system property {@value #PATH_PROPERTY} names,
 * then inside the jar, then on {@code java.library.path}. Loading never throws from a static
 * initialiser: a failure is kept and told by every later call. All methods may be called from any
 * thread.
 */
public final class NativeLibrary {
  /** Names the library's file, or the folder that holds it. */
  public static final String PATH_PROPERTY = "hawser.library.path";

  static final String FILE = "libhawser.so";

  private NativeLibrary() {}

  /** Whether the library is loaded, or could be loaded now. */
  public static boolean isAvailable() {
    return Holder.OUTCOME.failure() == null;
  }

  /** Why the library could not be loaded, with every place that was tried; empty when it was. */
  public static Optional<HawserException> unavailabilityCause() {
    return Optional.ofNullable(Holder.OUTCOME.failure());
  }

  /**
   * Where the library was loaded from: a file, or a place inside the jar.
   *
   * @throws HawserException when it could not be loaded
   */
  public static String origin() {
    return loaded().origin();
  }

  /**
   * The library's symbols, which stay valid until the process ends.
   *
   * @throws HawserException when it could not be loaded
   */
  public static SymbolLookup symbols() {
    return loaded().symbols();
  }

  /**
   * The address of one function of the library.
   *
   * @throws HawserException when the library could not be loaded or has no such function
   */
  public static MemorySegment find(String function) {
    return symbols()
        .find(function)
        .orElseThrow(
            () ->
                new HawserException(
                    ErrorCode.VERSION_MISMATCH,
                    "the native library from %s has no function %s: it is of another version, build it again"
                        .formatted(origin(), function)));
  }

  private static NativeLibrarySearch.Found loaded() {
    return Holder.OUTCOME.loaded();
  }

  /** Loads at first use, and keeps either the library or the failure. */
  private static final class Holder {
    static final NativeLibrarySearch.Outcome OUTCOME = NativeLibrarySearch.search(FILE);
  }
}
