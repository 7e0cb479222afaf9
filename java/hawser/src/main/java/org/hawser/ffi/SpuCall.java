package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** What one call into the interpreter passes and gets back; its memory ends with it. */
final class SpuCall implements AutoCloseable {
  final Arena arena = Arena.ofConfined();
  final MemorySegment out = arena.allocate(JAVA_LONG);
  private final SpuError error = new SpuError(arena);
  private final SpuChannels channels;

  /**
   * @param channels those that the call may run, null when none
   */
  SpuCall(SpuChannels channels) {
    this.channels = channels;
    if (channels != null) {
      // What was thrown since the last call was told to libspu, and is no cause of this one.
      channels.takeFailure();
    }
  }

  long out() {
    return out.address();
  }

  long error() {
    return error.address();
  }

  long text(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, "a text with a NUL: " + text);
    }
    return NativeMemory.text(arena, text);
  }

  long texts(List<String> texts) {
    return longs(texts.stream().mapToLong(this::text).toArray());
  }

  long longs(long[] values) {
    return arena.allocateFrom(JAVA_LONG, values).address();
  }

  /** The segment's own address, or that of a copy when it lies in the heap. */
  long data(MemorySegment segment) {
    return segment.isNative()
        ? segment.address()
        : arena.allocate(segment.byteSize(), Long.BYTES).copyFrom(segment).address();
  }

  void check(int result) {
    error.check(result, channels);
  }

  SpuObject result() {
    return new SpuObject(out.get(JAVA_LONG, 0), channels);
  }

  /** The objects whose handles the call wrote. */
  List<SpuObject> objects(MemorySegment handles, int count) {
    List<SpuObject> objects = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      objects.add(new SpuObject(handles.getAtIndex(JAVA_LONG, i), null));
    }
    return objects;
  }

  @Override
  public void close() {
    arena.close();
  }
}
