package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * The XLA client of the interpreter that runs libspu: StableHLO on this machine's own processors.
 * The first call loads it. Any thread may call, many at once; a call may take long. What XLA
 * refuses comes as an exception with its reason.
 */
public final class NativeXla {
  private NativeXla() {}

  /**
   * A compiled program.
   *
   * @param object XLA's, which the caller closes
   * @param results how many it has
   */
  public record Program(SpuObject object, int results) {}

  /**
   * Replaces the shapes that a program leaves open.
   *
   * @param shapes of its arguments, such as {@code 2x3}, empty for a scalar
   */
  public static byte[] refine(byte[] stablehlo, List<String> shapes) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      call.check(
          (int)
              Handles.REFINE.invokeExact(
                  call.data(MemorySegment.ofArray(stablehlo)),
                  (long) stablehlo.length,
                  call.texts(shapes),
                  shapes.size(),
                  call.out(),
                  call.error()));
      try (SpuObject refined = call.result()) {
        return SpuArrays.bytes(refined).toArray(ValueLayout.JAVA_BYTE);
      }
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public static Program compile(byte[] stablehlo) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      MemorySegment results = call.arena.allocate(JAVA_INT);
      call.check(
          (int)
              Handles.COMPILE.invokeExact(
                  call.data(MemorySegment.ofArray(stablehlo)),
                  (long) stablehlo.length,
                  call.out(),
                  results.address(),
                  call.error()));
      return new Program(call.result(), results.get(JAVA_INT, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Runs a program.
   *
   * @param arguments converted where their type is another one than the program's; read where they
   *     lie when that is outside the heap and as XLA wants it
   * @return copies in {@code arena}
   */
  public static List<SpuArray> run(Program program, List<SpuArray> arguments, Arena arena) {
    try (var call = new SpuCall(null)) {
      MemorySegment arrays = SpuArrays.allocate(call, arguments.size());
      for (int i = 0; i < arguments.size(); i++) {
        SpuArray argument = arguments.get(i);
        SpuArrays.set(call, arrays, i, argument.dataType(), argument.shape(), argument.data());
      }
      MemorySegment handles = call.arena.allocate(JAVA_LONG, program.results());
      call.check(
          (int)
              Handles.RUN.invokeExact(
                  program.object().handle(),
                  arrays.address(),
                  arguments.size(),
                  handles.address(),
                  program.results(),
                  call.error()));
      return read(call.objects(handles, program.results()), arena);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    } finally {
      Reference.reachabilityFence(arguments);
    }
  }

  private static List<SpuArray> read(List<SpuObject> results, Arena arena) {
    try {
      List<SpuArray> arrays = new ArrayList<>(results.size());
      results.forEach(result -> arrays.add(SpuArrays.read(result, arena)));
      return arrays;
    } finally {
      results.forEach(SpuObject::close);
    }
  }

  /** Linked at first use. */
  private static final class Handles {
    static final MethodHandle REFINE =
        SpuLibrary.function(
            "hawser_spu_xla_refine",
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle COMPILE =
        SpuLibrary.function(
            "hawser_spu_xla_compile", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle RUN =
        SpuLibrary.function(
            "hawser_spu_xla_run", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
  }
}
