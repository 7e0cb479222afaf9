package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.hawser.HawserException;

/** {@code hawser_stat.h}: the files in which processes tell of themselves. Any thread may call. */
public final class NativeStat {
  /**
   * How long somebody waits before it is worth a note: shorter waits are nobody's concern, and cost
   * nothing.
   */
  public static final long PATIENCE_NANOS = 50_000_000;

  /** What {@link #waitBegins} returns when nothing was noted. */
  public static final int NOT_NOTED = -1;

  private static final int PATH_BYTES = 16384;

  /** Whether this process has something native, and so a file. Never false again. */
  private static volatile boolean active;

  private NativeStat() {}

  /** The first engine or port context is open. */
  static void activate() {
    active = true;
  }

  /** The folders in which files of this user's processes may lie. */
  public static List<Path> folders() {
    HawserLibrary.require();
    return text(Handles.FOLDERS).lines().map(Path::of).toList();
  }

  /** This process's own file. */
  public static Optional<Path> file() {
    HawserLibrary.require();
    return Optional.of(text(Handles.FILE)).filter(path -> !path.isEmpty()).map(Path::of);
  }

  /**
   * Notes that this thread waits, for who looks from outside.
   *
   * @param rank of this party, -1 when it has none
   * @param peer whom it waits for, likewise
   * @param waited for how long it has waited up to now
   * @param left for how long it will at most
   * @return what to give to {@link #waitEnds}
   */
  public static int waitBegins(int rank, int peer, long waited, long left, String what) {
    if (!active) {
      return NOT_NOTED;
    }
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          Handles.WAIT_BEGIN.invokeExact(rank, peer, waited, left, NativeMemory.text(arena, what));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public static void waitEnds(int wait) {
    if (wait == NOT_NOTED) {
      return;
    }
    try {
      Handles.WAIT_END.invokeExact(wait);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * @throws HawserException (INTERNAL) when the binding is broken
   */
  private static String text(MethodHandle tell) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(PATH_BYTES);
      int _ = (int) tell.invokeExact(out.address(), PATH_BYTES);
      return out.getString(0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Linked at first use, after the library is known to be there. */
  private static final class Handles {
    static final MethodHandle FOLDERS =
        Downcall.of("hawser_stat_folders", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle FILE = Downcall.of("hawser_stat_file", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle WAIT_BEGIN =
        Downcall.of(
            "hawser_stat_wait_begin",
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle WAIT_END = Downcall.ofVoid("hawser_stat_wait_end", JAVA_INT);
  }
}
