package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** Opens and closes something over and over: what that takes must be given back each time. */
public final class Cycles {
  private static final int COUNT = 1000;
  private static final int QUARTERS = 4;
  private static final int QUARTER = COUNT / QUARTERS;
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);
  private static final long STEP = TimeUnit.MILLISECONDS.toNanos(20);

  /**
   * What malloc may have given out in each quarter and a cycle: the JVM takes from it too, to
   * compile above all. The native tests count every block.
   */
  private static final long NOISE = 2048;

  /** The ten fields of struct mallinfo2. */
  private static final MemoryLayout MALLINFO =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG));

  private static final long MAPPED_FIELD = 4;
  private static final long USED_FIELD = 7;

  private Cycles() {}

  /** One opening and closing. */
  @FunctionalInterface
  public interface Cycle {
    void run() throws Exception;
  }

  private record Held(long threads, long descriptors, long mappings, long malloc) {
    static Held now() throws IOException {
      System.gc(); // Runs cleaners of what was closed by nobody, which is allowed for some.
      return new Held(entries("task"), entries("fd"), countMappings(), mallocked());
    }

    private static long entries(String folder) throws IOException {
      try (Stream<Path> all = Files.list(Path.of("/proc/self", folder))) {
        return all.count();
      }
    }

    private static long countMappings() throws IOException {
      try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
        return lines.count();
      }
    }

    /** Bytes given out by all arenas of malloc, and mapped for it. */
    @SuppressWarnings("restricted")
    private static long mallocked() {
      Linker linker = Linker.nativeLinker();
      MethodHandle mallinfo =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("mallinfo2"), FunctionDescriptor.of(MALLINFO));
      try (Arena arena = Arena.ofConfined()) {
        var told = (MemorySegment) mallinfo.invokeExact((SegmentAllocator) arena);
        return told.getAtIndex(ValueLayout.JAVA_LONG, MAPPED_FIELD)
            + told.getAtIndex(ValueLayout.JAVA_LONG, USED_FIELD);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }

  /**
   * Runs {@code cycle} a thousand times. Threads and descriptors must be about as many at the end
   * as after the first quarter; what leaks memory in each cycle grows in every quarter.
   */
  public static void assertFlat(Cycle cycle) throws Exception {
    List<Held> after = new ArrayList<>();
    for (int quarter = 0; quarter < QUARTERS; quarter++) {
      for (int i = 0; i < QUARTER; i++) {
        cycle.run();
      }
      after.add(Held.now());
    }
    Held first = after.getFirst();
    Held end = after.getLast();
    // Threads that nobody joins may take a moment more.
    long deadline = System.nanoTime() + PATIENCE;
    while (!isNoMore(end, first) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(STEP);
      end = Held.now();
    }
    assertTrue(isNoMore(end, first), end + " after " + first);
    assertTrue(leastGrowth(after, Held::mappings) < QUARTER, after::toString);
    assertTrue(leastGrowth(after, Held::malloc) < QUARTER * NOISE, after::toString);
  }

  /** What the JVM has for itself may become one more now and then, and never one a cycle. */
  private static boolean isNoMore(Held now, Held before) {
    return now.threads() < before.threads() + QUARTERS
        && now.descriptors() < before.descriptors() + QUARTERS;
  }

  private static long leastGrowth(List<Held> after, ToLongFunction<Held> what) {
    long least = Long.MAX_VALUE;
    for (int i = 1; i < after.size(); i++) {
      least = Math.min(least, what.applyAsLong(after.get(i)) - what.applyAsLong(after.get(i - 1)));
    }
    return least;
  }
}
