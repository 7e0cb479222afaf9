package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/** Memory of the interpreter's objects: plain bytes, and tensors ({@code hawser_spu_array}). */
final class SpuArrays {
  private static final StructLayout ARRAY =
      Layouts.struct(
          "hawser_spu_array",
          Layouts.i32("data_type"),
          Layouts.i32("rank"),
          Layouts.i64("shape"),
          Layouts.i64("data"),
          Layouts.i64("bytes"));
  private static final long DATA_TYPE = Layouts.offset(ARRAY, "data_type");
  private static final long RANK = Layouts.offset(ARRAY, "rank");
  private static final long SHAPE = Layouts.offset(ARRAY, "shape");
  private static final long DATA = Layouts.offset(ARRAY, "data");
  private static final long BYTES = Layouts.offset(ARRAY, "bytes");

  private SpuArrays() {}

  /** Room for tensors to be passed, until the call ends. */
  static MemorySegment allocate(SpuCall call, int count) {
    return call.arena.allocate(ARRAY, count);
  }

  /** Describes a tensor; the caller keeps its memory reachable until the call has ended. */
  static void set(
      SpuCall call,
      MemorySegment arrays,
      int index,
      int dataType,
      long[] shape,
      MemorySegment data) {
    MemorySegment array = arrays.asSlice(index * ARRAY.byteSize(), ARRAY);
    array.set(JAVA_INT, DATA_TYPE, dataType);
    array.set(JAVA_INT, RANK, shape.length);
    array.set(JAVA_LONG, SHAPE, call.longs(shape));
    array.set(JAVA_LONG, DATA, call.data(data));
    array.set(JAVA_LONG, BYTES, data.byteSize());
  }

  /** A copy in {@code arena} of the tensor that an object is. */
  static SpuArray read(SpuObject object, Arena arena) {
    try (var call = new SpuCall(null)) {
      MemorySegment out = call.arena.allocate(ARRAY);
      call.check(
          (int) SpuFunctions.READ_ARRAY.invokeExact(object.handle(), out.address(), call.error()));
      long rank = out.get(JAVA_INT, RANK);
      MemorySegment shape = NativeMemory.at(out.get(JAVA_LONG, SHAPE), rank * Long.BYTES);
      MemorySegment data = NativeMemory.at(out.get(JAVA_LONG, DATA), out.get(JAVA_LONG, BYTES));
      return new SpuArray(
          out.get(JAVA_INT, DATA_TYPE),
          shape.toArray(ValueLayout.JAVA_LONG_UNALIGNED),
          arena.allocate(data.byteSize(), Long.BYTES).copyFrom(data));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The memory of an object that is bytes, for as long as that is open. */
  static MemorySegment bytes(SpuObject object) {
    try (var call = new SpuCall(null)) {
      MemorySegment size = call.arena.allocate(JAVA_LONG);
      call.check(
          (int)
              SpuFunctions.BYTES.invokeExact(
                  object.handle(), call.out(), size.address(), call.error()));
      return NativeMemory.at(call.out.get(JAVA_LONG, 0), size.get(JAVA_LONG, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }
}
