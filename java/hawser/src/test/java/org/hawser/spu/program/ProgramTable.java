package org.hawser.spu.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hawser.spu.DataType;
import org.hawser.spu.Session;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.Tensor;

/** Small programs of every operation, with inputs, and what plain Java computes of these. */
public final class ProgramTable {
  /** For results that no approximation makes: some last places of 18 fractional bits. */
  static final double FIXED_POINT = 1e-4;

  /** For whole numbers and truth values. */
  static final double EXACT = 0;

  /** Links need not compile anew. */
  private static final Map<String, SpuExecutable> COMPILED = new ConcurrentHashMap<>();

  private ProgramTable() {}

  /**
   * A line of the table.
   *
   * @param inputs in the order of the program's
   * @param expected in the order of the program's outputs, with their types and shapes
   * @param tolerance of a result, times its magnitude where that is above 1
   */
  public record Case(
      String name, Program program, List<Tensor> inputs, List<Tensor> expected, double tolerance) {
    /** Whether SPU has no exact method for it, only one that comes near. */
    public boolean isApproximate() {
      return tolerance > FIXED_POINT;
    }

    /** Fails when results are not as expected. */
    public void check(List<Tensor> results) {
      for (int i = 0; i < expected.size(); i++) {
        assertClose(name + ", output " + i, expected.get(i), results.get(i), tolerance);
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** What a program's body is: values of its inputs, and values to put out. */
  @FunctionalInterface
  interface Body extends BiFunction<ProgramBuilder, List<Value>, List<Value>> {}

  public static List<Case> cases() {
    return Stream.of(
            ElementwisePrograms.cases(),
            ShapePrograms.cases(),
            FoldPrograms.cases(),
            LogisticPrograms.cases())
        .flatMap(List::stream)
        .toList();
  }

  /** Runs them one after the other; each rank calls it, owns some inputs, and gets all results. */
  public static List<List<Tensor>> runAll(Session session, List<Case> cases) {
    return cases.stream().map(line -> run(session, line)).toList();
  }

  private static List<Tensor> run(Session session, Case line) {
    int ranks = session.parties().size();
    for (int i = 0; i < line.inputs.size(); i++) {
      session.input(line.program.inputs().get(i).name(), i % ranks, line.inputs.get(i));
    }
    session.run(COMPILED.computeIfAbsent(line.name, _ -> line.program.compile()));
    return line.program.outputs().stream()
        .map(output -> session.revealToAll(output.name()))
        .toList();
  }

  /** The same type, shape, and nearly the same numbers; no number is not near any. */
  public static void assertClose(String what, Tensor expected, Tensor result, double tolerance) {
    assertEquals(expected.toString(), result.toString(), what);
    double[] wanted = expected.toDoubles();
    double[] got = result.toDoubles();
    for (int i = 0; i < wanted.length; i++) {
      double margin = tolerance * Math.max(1, Math.abs(wanted[i]));
      assertEquals(wanted[i], got[i], margin, "%s, element %d".formatted(what, i));
    }
  }

  /** Inputs are {@code in0}, {@code in1}, ..., outputs {@code out0}, ... */
  static Case program(
      String name, double tolerance, List<Tensor> inputs, Body body, Tensor... expected) {
    var b = ProgramBuilder.named(name);
    var values = new ArrayList<Value>();
    for (Tensor input : inputs) {
      values.add(b.input("in" + values.size(), input.type(), input.shape()));
    }
    List<Value> results = body.apply(b, values);
    IntStream.range(0, results.size()).forEach(i -> b.output("out" + i, results.get(i)));
    return new Case(name, b.build(), inputs, List.of(expected), tolerance);
  }

  static Tensor floats(double... values) {
    return matrix(values, values.length);
  }

  static Tensor matrix(double[] values, long... shape) {
    return Tensor.of(DataType.F32, values, shape);
  }

  static Tensor scalar(double value) {
    return matrix(new double[] {value});
  }

  static Tensor ints(int... values) {
    return Tensor.of(values, values.length);
  }

  static Tensor truths(boolean... values) {
    return Tensor.of(values, values.length);
  }
}
