package org.hawser.spu.program;

import static org.hawser.spu.program.ProgramTable.EXACT;
import static org.hawser.spu.program.ProgramTable.FIXED_POINT;
import static org.hawser.spu.program.ProgramTable.floats;
import static org.hawser.spu.program.ProgramTable.ints;
import static org.hawser.spu.program.ProgramTable.matrix;
import static org.hawser.spu.program.ProgramTable.program;
import static org.hawser.spu.program.ProgramTable.scalar;
import static org.hawser.spu.program.ProgramTable.truths;

import java.util.List;
import java.util.stream.Stream;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramTable.Case;

/** The table's programs with lambdas: reductions, sorts and loops; and those without inputs. */
final class FoldPrograms {
  private static final Tensor A = matrix(new double[] {1, -2, 3.5, 4, 0.25, 6}, 2, 3);
  private static final Tensor I = Tensor.of(new int[] {-5, -7, 3, 4, -1, 1}, 3, 2);

  private FoldPrograms() {}

  static List<Case> cases() {
    return Stream.of(reductions(), sorts(), loops(), constants()).flatMap(List::stream).toList();
  }

  private static List<Case> reductions() {
    return List.of(
        program(
            "sum",
            FIXED_POINT,
            List.of(A, I),
            (_, in) -> List.of(in.get(0).sum(1), in.get(0).sum(), in.get(1).sum(0)),
            floats(2.5, 10.25),
            scalar(12.75),
            ints(-3, -2)),
        program(
            "product",
            FIXED_POINT,
            List.of(A, I),
            (_, in) -> List.of(in.get(0).product(1), in.get(1).product(1)),
            floats(-7, 6),
            ints(35, 12, -1)),
        program(
            "mean",
            FIXED_POINT,
            List.of(A),
            (_, in) -> List.of(in.get(0).mean(0), in.get(0).mean()),
            floats(2.5, -0.875, 4.75),
            scalar(2.125)),
        program(
            "extremes",
            FIXED_POINT,
            List.of(A, I),
            (_, in) ->
                List.of(
                    in.get(0).maximum(0),
                    in.get(0).minimum(1),
                    in.get(1).maximum(1),
                    in.get(1).minimum()),
            floats(4, 0.25, 6),
            floats(-2, 0.25),
            ints(-5, 4, 1),
            Tensor.of(new int[] {-7})),
        program(
            "any_and_all",
            EXACT,
            List.of(Tensor.of(new boolean[] {false, false, true, false, true, true}, 3, 2)),
            (_, in) -> List.of(in.get(0).any(1), in.get(0).all(1), in.get(0).any()),
            truths(false, true, true),
            truths(false, false, true),
            Tensor.of(new boolean[] {true})),
        program(
            "largest_magnitude",
            FIXED_POINT,
            List.of(A),
            (b, in) ->
                List.of(
                    in.get(0)
                        .reduce(b.constant(DataType.F32, 0), (x, y) -> x.abs().max(y.abs()), 1)),
            floats(3.5, 6)),
        program(
            "place_of_maximum",
            FIXED_POINT,
            List.of(A),
            (b, in) ->
                b.reduce(
                    List.of(in.get(0), b.iota(DataType.I32, 1, 2, 3)),
                    List.of(b.constant(DataType.F32, -1000), b.constant(DataType.I32, -1)),
                    (x, y) -> {
                      Value larger = x.get(0).ge(y.get(0));
                      return List.of(
                          larger.select(x.get(0), y.get(0)), larger.select(x.get(1), y.get(1)));
                    },
                    1),
            floats(3.5, 6),
            ints(2, 2)));
  }

  private static List<Case> sorts() {
    return List.of(
        program(
            "sort",
            FIXED_POINT,
            List.of(A),
            (_, in) -> List.of(in.get(0).sort(1), in.get(0).sort(0)),
            matrix(new double[] {-2, 1, 3.5, 0.25, 4, 6}, 2, 3),
            matrix(new double[] {1, -2, 3.5, 4, 0.25, 6}, 2, 3)),
        program(
            "sort_by_key",
            FIXED_POINT,
            List.of(ints(30, 10, 40, 20), floats(0.5, 1.5, 2.5, 3.5)),
            (b, in) -> b.sort(in, 0, (left, right) -> left.get(0).gt(right.get(0))),
            ints(40, 30, 20, 10),
            floats(2.5, 0.5, 3.5, 1.5)),
        program(
            "sort_by_two_keys",
            FIXED_POINT,
            List.of(ints(3, 1, 3, 1, 2), floats(1, 2, 3, 4, 5)),
            (b, in) ->
                b.sort(
                    in,
                    0,
                    (left, right) ->
                        left.get(0)
                            .lt(right.get(0))
                            .or(left.get(0).eq(right.get(0)).and(left.get(1).gt(right.get(1))))),
            ints(1, 1, 2, 3, 3),
            floats(4, 2, 5, 3, 1)),
        program(
            "sort_by_distance",
            FIXED_POINT,
            List.of(A),
            (b, in) ->
                b.sort(
                    in,
                    1,
                    (left, right) ->
                        left.get(0).subtract(3).abs().lt(right.get(0).subtract(3).abs())),
            matrix(new double[] {3.5, 1, -2, 4, 0.25, 6}, 2, 3)));
  }

  private static List<Case> loops() {
    return List.of(
        program(
            "loop",
            FIXED_POINT,
            List.of(floats(1, -2), floats(0.5, 0.25)),
            (b, in) ->
                b.loop(
                    List.of(b.constant(DataType.I32, 0), in.get(0)),
                    state -> state.get(0).lt(4),
                    state -> List.of(state.get(0).add(1), state.get(1).multiply(2).add(in.get(1)))),
            Tensor.of(new int[] {4}),
            floats(23.5, -28.25)),
        program(
            "nested_loops",
            FIXED_POINT,
            List.of(A, scalar(0)),
            (b, in) ->
                b.repeat(
                    2,
                    List.of(in.get(1)),
                    (row, outer) ->
                        b.repeat(
                            3,
                            outer,
                            (column, inner) ->
                                List.of(
                                    in.get(0)
                                        .dynamicSlice(List.of(row, column), 1, 1)
                                        .reshape()
                                        .add(inner.get(0).multiply(0.5))))),
            scalar(6 + 0.5 * (0.25 + 0.5 * (4 + 0.5 * (3.5 + 0.5 * (-2 + 0.5)))))));
  }

  private static List<Case> constants() {
    Tensor numbers = matrix(new double[] {1, 2.5, -0.03125, 1e4}, 2, 2);
    Tensor truths = truths(true, false);
    Tensor bytes = Tensor.of(DataType.U8, new long[] {255, 0, 12}, 3);
    Tensor longs = Tensor.of(DataType.I64, new long[] {-1L << 40, 7}, 2);
    return List.of(
        program(
            "constants",
            FIXED_POINT,
            List.of(scalar(1)),
            (b, in) ->
                List.of(
                    b.constant(numbers),
                    b.constant(truths),
                    b.constant(bytes),
                    b.constant(longs),
                    b.constant(DataType.F32, 0.1).add(in.get(0)),
                    b.constant(true),
                    b.fill(DataType.I32, -3, 2)),
            numbers,
            truths,
            bytes,
            longs,
            scalar(1.1),
            Tensor.of(new boolean[] {true}),
            ints(-3, -3)),
        program(
            "iota",
            EXACT,
            List.of(scalar(0)),
            (b, _) -> List.of(b.iota(DataType.F32, 1, 2, 3), b.iota(DataType.I32, 0, 3)),
            matrix(new double[] {0, 1, 2, 0, 1, 2}, 2, 3),
            ints(0, 1, 2)));
  }
}
