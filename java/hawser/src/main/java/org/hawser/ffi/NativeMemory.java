package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Memory that Java's own arenas do not make: what native code owns, and pages mapped from the
 * kernel.
 */
public final class NativeMemory {
  private static final int PROT_READ_WRITE = 0x3;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
  private static final int MADV_HUGEPAGE = 14;
  private static final long MAP_FAILED = -1;
  private static final int NO_DESCRIPTOR = -1;

  private static final MemorySegment ALL = at(0, Long.MAX_VALUE);

  private NativeMemory() {}

  /**
   * Views memory that native code owns. Java neither frees it nor knows when it goes: whoever holds
   * the view must not use it after its owner is closed.
   */
  @SuppressWarnings("restricted") // this package is the home of native access
  public static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /**
   * Where a segment's bytes begin.
   *
   * @throws HawserException (INVALID_ARGUMENT) for a segment of the heap, which has no place
   */
  public static long address(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a message lies in memory outside the heap: %d bytes of an array must be copied to an arena"
              .formatted(segment.byteSize()));
    }
    return segment.address();
  }

  /**
   * Maps zeroed pages, whose memory the kernel provides as it is touched, in huge pages where it
   * likes to.
   *
   * @param arena bounds the segment's life; once it is closed no Java access gets through
   * @param release is told the address when the arena is closed; it unmaps, now or later
   * @throws HawserException (OUT_OF_MEMORY) when the kernel refuses
   */
  @SuppressWarnings("restricted") // this package is the home of native access
  public static MemorySegment map(long bytes, Arena arena, LongConsumer release) {
    try {
      long address =
          (long)
              Handles.MMAP.invokeExact(
                  0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, NO_DESCRIPTOR, 0L);
      if (address == MAP_FAILED) {
        throw new HawserException(
            ErrorCode.OUT_OF_MEMORY, "the kernel refused to map %d bytes".formatted(bytes));
      }
      // Only advice: where the kernel does without huge pages, the memory is as good.
      int _ = (int) Handles.MADVISE.invokeExact(address, bytes, MADV_HUGEPAGE);
      return MemorySegment.ofAddress(address)
          .reinterpret(bytes, arena, segment -> release.accept(segment.address()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Maps zeroed pages that other processes of this host can map too.
   *
   * @param arena as in {@link #map}
   * @param release as in {@link #map}, and frees by {@link #freeShared}
   * @throws HawserException (OUT_OF_MEMORY) when the kernel refuses
   */
  @SuppressWarnings("restricted") // this package is the home of native access
  public static MemorySegment mapShared(long bytes, Arena arena, LongConsumer release) {
    HawserLibrary.require();
    long address =
        NativeCall.open((_, out, error) -> (int) Shared.ALLOCATE.invokeExact(bytes, out, error));
    return MemorySegment.ofAddress(address)
        .reinterpret(bytes, arena, segment -> release.accept(segment.address()));
  }

  /** Gives pages of {@link #mapShared} back. */
  public static void freeShared(long address) {
    NativeCall.run(Shared.FREE, address);
  }

  /** Gives pages of {@link #map} back. The caller sees to it that nobody touches them any more. */
  public static void unmap(long address, long bytes) {
    try {
      int _ = (int) Handles.MUNMAP.invokeExact(address, bytes);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Closes a descriptor that native code gave. */
  public static void closeDescriptor(int descriptor) {
    try {
      int _ = (int) Handles.CLOSE.invokeExact(descriptor);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Copies between places that native code owns; the caller sees to it that both may be touched.
   */
  public static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  /** Copies what native code owns to the start of an array. */
  public static void copy(long from, byte[] to, int bytes) {
    MemorySegment.copy(ALL, JAVA_BYTE, from, to, 0, bytes);
  }

  /** Copies the start of an array to where native code may be written. */
  public static void copy(byte[] from, long to, int bytes) {
    MemorySegment.copy(from, 0, ALL, JAVA_BYTE, to, bytes);
  }

  /** The address of a C string that lives as long as the arena; 0 for null. */
  static long text(Arena arena, String text) {
    return text == null ? 0 : arena.allocateFrom(text).address();
  }

  /**
   * Fills a struct's text field; INVALID_ARGUMENT, naming {@code what} it is, when it is too long.
   */
  static void setText(
      MemorySegment struct, StructLayout layout, String field, String text, String what) {
    PathElement path = PathElement.groupElement(field);
    long room = layout.select(path).byteSize();
    if (text.getBytes(StandardCharsets.UTF_8).length >= room) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s is longer than %d bytes: %s".formatted(what, room - 1, text));
    }
    struct.setString(layout.byteOffset(path), text);
  }

  private static final class Handles {
    static final MethodHandle MMAP =
        libc(
            "mmap",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    static final MethodHandle MUNMAP =
        libc("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    static final MethodHandle MADVISE =
        libc("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

    static final MethodHandle CLOSE = libc("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private static MethodHandle libc(String function, FunctionDescriptor descriptor) {
      return Downcall.link(Linker.nativeLinker().defaultLookup().findOrThrow(function), descriptor);
    }
  }

  /** Of the native library, which may be missing. */
  private static final class Shared {
    static final MethodHandle ALLOCATE =
        Downcall.of("hawser_shared_allocate", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle FREE = Downcall.ofVoid("hawser_shared_free", JAVA_LONG);
  }
}
