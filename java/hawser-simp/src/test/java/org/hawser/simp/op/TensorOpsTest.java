package org.hawser.simp.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.Programs;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.NdArray;
import org.hawser.simp.serde.ObjectTensor;
import org.hawser.simp.serde.Tuple;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class TensorOpsTest {
  private static final Type I64 = new Type.IntegerType(64, true);
  private static final Tensor GRID = Tensor.of(new long[] {0, 1, 2, 3, 4, 5}, 2, 3);

  private final Functions functions = new Functions();
  private final OneWorker worker =
      new OneWorker(FunctionOps.register(TensorOps.register(new OpRegistry()), functions));

  @AfterEach
  void close() {
    worker.close();
  }

  /** Different small numbers that every type holds. */
  private static Tensor numbered(DataType type, long... shape) {
    int elements = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    long[] values = new long[elements];
    Arrays.setAll(values, i -> type == DataType.I1 ? i * 7 % 3 % 2 : i % 100);
    return Tensor.of(type, values, shape);
  }

  @ParameterizedTest
  @EnumSource
  void constantsOfAllTypes(DataType type) {
    Tensor wanted = numbered(type, 2, 5);
    String bytes = Base64.getEncoder().encodeToString(wanted.data().toArray(ValueLayout.JAVA_BYTE));
    Type element =
        type == DataType.I1
            ? new Type.IntegerType(1, true)
            : type.isFloating()
                ? new Type.FloatType(8 * type.bytes())
                : new Type.IntegerType(8 * type.bytes(), !type.isUnsigned());
    assertEquals(
        wanted,
        worker.run(
            "tensor.constant",
            new Type.TensorType(element, List.of(2L, 5L)),
            Map.of("value_b64", bytes)));
    assertInvalid(
        "takes %d bytes, not %d".formatted(11 * type.bytes(), 10 * type.bytes()),
        () ->
            worker.run(
                "tensor.constant",
                new Type.TensorType(element, List.of(11L)),
                Map.of("value_b64", bytes)));
  }

  @Test
  void constantsThatAreNoneAreRefused() {
    Type scalar = new Type.TensorType(I64, List.of());
    assertInvalid(
        "not in base64",
        () -> worker.run("tensor.constant", scalar, Map.of("value_b64", "not base64!")));
    assertInvalid(
        "whose type says its shape", () -> worker.run("tensor.constant", Map.of("value_b64", "")));
  }

  @ParameterizedTest
  @EnumSource
  void transposesPermuteAxes(DataType type) {
    Tensor tensor = numbered(type, 2, 3, 4);
    Tensor moved = (Tensor) worker.run("tensor.transpose", Map.of("perm", longs(2, 0, -2)), tensor);
    Tensor reversed = (Tensor) worker.run("tensor.transpose", Map.of(), tensor);
    assertEquals(List.of(4L, 2L, 3L), boxed(moved.shape()));
    for (long i = 0; i < 2; i++) {
      for (long j = 0; j < 3; j++) {
        for (long k = 0; k < 4; k++) {
          assertEquals(tensor.getDouble(i, j, k), moved.getDouble(k, i, j));
          assertEquals(tensor.getDouble(i, j, k), reversed.getDouble(k, j, i));
        }
      }
    }
  }

  @Test
  void transposesTakeEachAxisOnce() {
    assertInvalid(
        "names an axis twice",
        () -> worker.run("tensor.transpose", Map.of("perm", longs(0, -2)), GRID));
    assertInvalid(
        "2 axes cannot be permuted",
        () -> worker.run("tensor.transpose", Map.of("perm", longs(0)), GRID));
    assertInvalid(
        "no axis 2 of 2", () -> worker.run("tensor.transpose", Map.of("perm", longs(0, 2)), GRID));
  }

  @Test
  void reshapesFindOneExtent() {
    assertEquals(
        GRID.reshape(3, 2), worker.run("tensor.reshape", Map.of("new_shape", longs(-1, 2)), GRID));
    assertEquals(
        GRID.reshape(3, 2),
        worker.run("tensor.reshape", Map.of("new_shape", List.of(3L, 2L)), GRID));
    assertEquals(
        GRID.reshape(6), worker.run("tensor.reshape", Map.of("new_shape", longs(6)), GRID));
    Tensor none = Tensor.zeros(DataType.F32, 0, 3);
    assertEquals(
        none.reshape(3, 0), worker.run("tensor.reshape", Map.of("new_shape", longs(3, -1)), none));
    for (Tuple wrong : List.of(longs(4), longs(-1, 4), longs(-1, 0), longs(5, -1, -1))) {
      assertInvalid("shape", () -> worker.run("tensor.reshape", Map.of("new_shape", wrong), GRID));
    }
  }

  @Test
  void slicesAreNumpys() {
    assertEquals(
        Tensor.of(new long[] {1, 2, 4, 5}, 2, 2), slice(GRID, longs(0, 1), longs(2, 3), null));
    // From the end, in steps, beyond the end, and fewer axes than there are.
    Tensor line = numbered(DataType.I32, 10);
    assertEquals(Tensor.of(new int[] {7, 9}, 2), slice(line, longs(-3), longs(100), longs(2)));
    assertEquals(Tensor.of(new int[] {0, 4, 8}, 3), slice(line, longs(-99), longs(9), longs(4)));
    assertEquals(Tensor.zeros(DataType.I32, 0), slice(line, longs(5), longs(2), longs(1)));
    assertEquals(Tensor.of(new long[] {3, 4, 5}, 1, 3), slice(GRID, longs(1), longs(2), null));
    assertInvalid("above 0", () -> slice(line, longs(9), longs(0), longs(-1)));
    assertInvalid("2 starts", () -> slice(line, longs(0, 0), longs(1, 1), null));
  }

  private Object slice(Tensor tensor, Tuple starts, Tuple ends, Tuple strides) {
    Map<String, Object> attributes =
        strides == null
            ? Map.of("starts", starts, "ends", ends)
            : Map.of("starts", starts, "ends", ends, "strides", strides);
    return worker.run("tensor.slice", attributes, tensor);
  }

  @Test
  void concatenationsJoinOneAxis() {
    assertEquals(
        Tensor.of(new long[] {0, 1, 2, 9, 3, 4, 5, 8}, 2, 4),
        worker.run("tensor.concat", axis(-1), GRID, Tensor.of(new long[] {9, 8}, 2, 1)));
    assertEquals(
        Tensor.of(new long[] {0, 1, 2, 3, 4, 5, 6, 7, 8}, 3, 3),
        worker.run("tensor.concat", Map.of(), GRID, Tensor.of(new long[] {6, 7, 8}, 1, 3)));
    assertInvalid(
        "cannot be joined along axis 0",
        () -> worker.run("tensor.concat", axis(0), GRID, numbered(DataType.I64, 2, 2)));
    assertInvalid(
        "cannot be joined",
        () -> worker.run("tensor.concat", axis(0), GRID, numbered(DataType.I32, 2, 3)));
  }

  @ParameterizedTest
  @EnumSource
  void gathersTakeIndicesAlongAnAxis(DataType type) {
    Tensor tensor = numbered(type, 4, 3, 2);
    Tensor indices = Tensor.of(new int[] {2, -3, 0, 1}, 2, 2);
    Tensor taken = (Tensor) worker.run("tensor.gather", axis(1), tensor, indices);
    assertEquals(List.of(4L, 2L, 2L, 2L), boxed(taken.shape()));
    long[] places = {2, 0, 0, 1};
    for (long i = 0; i < 4; i++) {
      for (int place = 0; place < 4; place++) {
        for (long k = 0; k < 2; k++) {
          assertEquals(
              tensor.getDouble(i, places[place], k), taken.getDouble(i, place / 2, place % 2, k));
        }
      }
    }
  }

  @Test
  void indicesOutOfRangeAreNamedByTheirPlace() {
    Tensor line = numbered(DataType.F64, 4);
    for (long wrong : new long[] {4, -5, Long.MIN_VALUE, Long.MAX_VALUE}) {
      Tensor indices = Tensor.of(new long[] {0, wrong}, 2);
      assertInvalid(
          "index number 1 is out of the range of 4",
          () -> worker.run("tensor.gather", axis(0), line, indices));
      assertInvalid(
          "index number 1 is out of the range of 4",
          () -> worker.run("tensor.scatter", axis(0), line, indices, numbered(DataType.F64, 2)));
    }
    assertInvalid(
        "no axis 1 of 1",
        () -> worker.run("tensor.gather", axis(1), line, Tensor.of(new long[] {0}, 1)));
  }

  @Test
  void scattersUpdateACopy() {
    Tensor line = Tensor.of(new int[] {1, 2, 3, 4}, 4);
    Tensor indices = Tensor.of(new long[] {0, -2, 0}, 3);
    Tensor updates = Tensor.of(new int[] {10, 30, 50}, 3);
    assertEquals(
        Tensor.of(new int[] {50, 2, 30, 4}, 4),
        worker.run("tensor.scatter", axis(0), line, indices, updates));
    assertEquals(Tensor.of(new int[] {1, 2, 3, 4}, 4), line);
    assertEquals(
        Tensor.of(new long[] {0, 9, 2, 3, 8, 5}, 2, 3),
        worker.run(
            "tensor.scatter",
            axis(1),
            GRID,
            Tensor.of(new long[] {1}, 1),
            Tensor.of(new long[] {9, 8}, 2, 1)));
    assertInvalid(
        "updates of",
        () -> worker.run("tensor.scatter", axis(0), line, indices, numbered(DataType.I32, 2)));
  }

  @Test
  void elementsGoThroughARegionOneByOne() {
    functions.register(
        "scale",
        args -> {
          long product = ((Tensor) args.get(0)).getLong() * ((Tensor) args.get(1)).getLong();
          return List.of(Tensor.of(new long[] {product}));
        });
    Type grid = new Type.TensorType(I64, List.of(Type.TensorType.DYNAMIC, 3L));
    Type scalar = new Type.TensorType(I64, List.of());
    Graph region =
        Programs.graph(2, (b, in) -> List.of(Programs.call(b, "scale", in.get(0), in.get(1))));
    Tensor ten = Tensor.of(new long[] {10});
    assertEquals(
        List.of(Tensor.of(new long[] {0, 10, 20, 30, 40, 50}, 2, 3)),
        worker.elementwise(region, List.of(grid, scalar), GRID, ten));
    // Scalars alone make a scalar; a tensor without elements one without elements.
    assertEquals(
        List.of(Tensor.of(new long[] {100})),
        worker.elementwise(region, List.of(scalar, scalar), ten, ten));
    Type other = new Type.TensorType(I64, List.of(2L, Type.TensorType.DYNAMIC));
    assertInvalid(
        "input 1 has the shape [1]",
        () -> worker.elementwise(region, List.of(grid, other), GRID, ten.reshape(1)));
  }

  @Test
  void severalResultsOfEachElement() {
    Type line = new Type.TensorType(I64, List.of(3L));
    Type scalar = new Type.TensorType(I64, List.of());
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", scalar);
    Graph region = builder.output(x).output(x).build();
    Tensor values = numbered(DataType.I64, 3);
    assertEquals(List.of(values, values), worker.elementwise(region, List.of(line), values));
    Tensor none = Tensor.zeros(DataType.I64, 0);
    assertEquals(List.of(none, none), worker.elementwise(region, List.of(line), none));
  }

  @Test
  void numbersThatAreNoTensorsAreTaken() {
    Tensor line = Tensor.of(new double[] {1.5, 2}, 2);
    Map<String, Object> column = Map.of("new_shape", longs(2, 1));
    assertEquals(line.reshape(2, 1), worker.run("tensor.reshape", column, new NdArray(line)));
    assertEquals(
        line.reshape(2, 1),
        worker.run("tensor.reshape", column, new ObjectTensor(List.of(2L), List.of(1.5, 2L))));
    assertEquals(
        Tensor.of(DataType.I1, new long[] {1}, 1),
        worker.run("tensor.reshape", Map.of("new_shape", longs(1)), true));
    assertInvalid("no part of input 0", () -> worker.run("tensor.reshape", column, (Object) null));
    assertInvalid(
        "must be a tensor, not a String", () -> worker.run("tensor.reshape", column, "text"));
  }

  /** Two layouts of the same elements, copied one by one and all at once. */
  @Test
  void stridedCopiesAreElementCopies() {
    var random = new Random(4711);
    for (int round = 0; round < 200; round++) {
      int bytes = 1 << random.nextInt(4);
      long[] shape = random.ints(random.nextInt(4), 0, 5).asLongStream().toArray();
      long[] from = permuted(shape, random);
      long[] to = permuted(shape, random);
      int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b) * bytes;
      byte[] source = new byte[size];
      random.nextBytes(source);
      MemorySegment target = MemorySegment.ofArray(new byte[size]);
      MemorySegment wanted = MemorySegment.ofArray(new byte[size]);
      MemorySegment given = MemorySegment.ofArray(source);
      StridedCopy.copy(bytes, shape, given, 0, from, target, 0, to);
      copyEach(bytes, shape, given, from, wanted, to, 0, 0, 0);
      assertEquals(-1, wanted.mismatch(target), Arrays.toString(shape));
    }
  }

  private static long[] permuted(long[] shape, Random random) {
    Integer[] order = new Integer[shape.length];
    Arrays.setAll(order, i -> i);
    Collections.shuffle(Arrays.asList(order), random);
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis : order) {
      strides[axis] = stride;
      stride *= shape[axis];
    }
    return strides;
  }

  private static void copyEach(
      int bytes,
      long[] shape,
      MemorySegment source,
      long[] from,
      MemorySegment target,
      long[] to,
      int axis,
      long at,
      long there) {
    if (axis == shape.length) {
      MemorySegment.copy(source, at * bytes, target, there * bytes, bytes);
      return;
    }
    for (long i = 0; i < shape[axis]; i++) {
      copyEach(
          bytes,
          shape,
          source,
          from,
          target,
          to,
          axis + 1,
          at + i * from[axis],
          there + i * to[axis]);
    }
  }

  private static Map<String, Object> axis(long axis) {
    return Map.of("axis", axis);
  }

  /** As mplang's tracer writes them. */
  private static Tuple longs(long... values) {
    return new Tuple(Arrays.stream(values).<Object>mapToObj(value -> value).toList());
  }

  private static List<Long> boxed(long[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static void assertInvalid(String part, Executable action) {
    HawserException failure = assertThrows(HawserException.class, action);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
