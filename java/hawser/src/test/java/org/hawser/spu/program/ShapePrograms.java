package org.hawser.spu.program;

import static org.hawser.spu.program.ProgramTable.FIXED_POINT;
import static org.hawser.spu.program.ProgramTable.floats;
import static org.hawser.spu.program.ProgramTable.ints;
import static org.hawser.spu.program.ProgramTable.matrix;
import static org.hawser.spu.program.ProgramTable.program;
import static org.hawser.spu.program.ProgramTable.scalar;

import java.util.List;
import java.util.function.UnaryOperator;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramTable.Case;

/** The table's programs that move elements, and multiply matrices. */
final class ShapePrograms {
  private static final double[] SIX = {1, -2, 3.5, 4, 0.25, 6};
  private static final Tensor A = matrix(SIX, 2, 3);
  private static final Tensor B = matrix(new double[] {1, 0.5, -1, 2, 3, -0.25}, 3, 2);

  private ShapePrograms() {}

  static List<Case> cases() {
    return List.of(
        move("reshape", a -> a.reshape(3, 2), matrix(SIX, 3, 2)),
        move("transpose", Value::transpose, matrix(new double[] {1, 4, -2, 0.25, 3.5, 6}, 3, 2)),
        move(
            "permute",
            a -> a.reshape(1, 2, 3).transpose(2, 0, 1),
            matrix(new double[] {1, 4, -2, 0.25, 3.5, 6}, 3, 1, 2)),
        move(
            "broadcast",
            a -> a.slice(new long[] {0, 1}, new long[] {2, 2}).broadcastTo(2, 2, 2),
            matrix(new double[] {-2, -2, 0.25, 0.25, -2, -2, 0.25, 0.25}, 2, 2, 2)),
        move(
            "broadcast_in_dim",
            a -> a.broadcastInDim(new long[] {2, 2, 3}, 0, 2),
            matrix(new double[] {1, -2, 3.5, 1, -2, 3.5, 4, 0.25, 6, 4, 0.25, 6}, 2, 2, 3)),
        program(
            "concatenate",
            FIXED_POINT,
            List.of(A, matrix(new double[] {7, 8}, 2, 1)),
            (b, in) -> List.of(b.concatenate(1, in.get(0), in.get(1), in.get(1))),
            matrix(new double[] {1, -2, 3.5, 7, 7, 4, 0.25, 6, 8, 8}, 2, 5)),
        move(
            "slice",
            a -> a.slice(new long[] {0, 0}, new long[] {1, 3}, new long[] {1, 2}),
            matrix(new double[] {1, 3.5}, 1, 2)),
        program(
            "pad",
            FIXED_POINT,
            List.of(floats(1, 2, 3), scalar(9)),
            (_, in) ->
                List.of(
                    in.get(0).pad(in.get(1), new long[] {1}, new long[] {2}, new long[] {1}),
                    in.get(0).pad(in.get(1), new long[] {2}, new long[] {-1}, new long[] {0})),
            floats(9, 1, 9, 2, 9, 3, 9, 9),
            floats(9, 9, 1, 2)),
        move("reverse", a -> a.reverse(1), matrix(new double[] {3.5, -2, 1, 6, 0.25, 4}, 2, 3)),
        program(
            "dynamic_slice",
            FIXED_POINT,
            List.of(floats(SIX), Tensor.of(new int[] {3})),
            (b, in) ->
                List.of(
                    in.get(0).dynamicSlice(List.of(b.constant(DataType.I32, 1)), 2),
                    in.get(0).dynamicSlice(List.of(in.get(1)), 2)),
            floats(-2, 3.5),
            floats(4, 0.25)),
        program(
            "dynamic_update_slice",
            FIXED_POINT,
            List.of(floats(SIX), floats(8, 9)),
            (b, in) ->
                List.of(
                    in.get(0).dynamicUpdateSlice(in.get(1), List.of(b.constant(DataType.I32, 3)))),
            floats(1, -2, 3.5, 8, 9, 6)),
        program(
            "dot",
            FIXED_POINT,
            List.of(A, B, floats(2, -1, 0.5), floats(3, 4)),
            (_, in) ->
                List.of(
                    in.get(0).dot(in.get(1)),
                    in.get(0).dot(in.get(2)),
                    in.get(3).dot(in.get(0)),
                    in.get(2).dot(in.get(2))),
            matrix(new double[] {13.5, -4.375, 21.75, 1}, 2, 2),
            floats(5.75, 10.75),
            floats(19, -5, 34.5),
            scalar(5.25)),
        program(
            "dot_integers",
            ProgramTable.EXACT,
            List.of(ints(1, -2, 3), ints(40, 50, -60)),
            (_, in) -> List.of(in.get(0).dot(in.get(1))),
            Tensor.of(new int[] {-240})),
        program(
            "dot_general",
            FIXED_POINT,
            List.of(A, matrix(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3, 2)),
            (_, in) ->
                List.of(
                    in.get(0)
                        .dot(
                            in.get(1),
                            DotDimensions.contract(List.of(1), List.of(1))
                                .batch(List.of(0), List.of(0))),
                    in.get(0).dot(in.get(1), DotDimensions.contract(List.of(0, 1), List.of(0, 1)))),
            matrix(new double[] {12.5, 15, 96.25, 106.5}, 2, 2),
            floats(108.75, 121.5)),
        program(
            "outer",
            FIXED_POINT,
            List.of(floats(1, -2), floats(3, 0.5, 4)),
            (_, in) ->
                List.of(in.get(0).dot(in.get(1), DotDimensions.contract(List.of(), List.of()))),
            matrix(new double[] {3, 0.5, 4, -6, -1, -8}, 2, 3)));
  }

  private static Case move(String name, UnaryOperator<Value> operation, Tensor expected) {
    return program(
        name,
        FIXED_POINT,
        List.of(A),
        (_, in) -> List.of(operation.apply(in.getFirst())),
        expected);
  }
}
