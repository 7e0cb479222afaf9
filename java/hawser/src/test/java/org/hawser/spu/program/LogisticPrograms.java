package org.hawser.spu.program;

import static org.hawser.spu.program.ProgramTable.floats;
import static org.hawser.spu.program.ProgramTable.matrix;
import static org.hawser.spu.program.ProgramTable.scalar;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramTable.Case;

/** The table's logistic regressions: four features in two blocks, two batches of two rows. */
final class LogisticPrograms {
  /** The approximated logistic function is off by up to 0.005. */
  private static final double TOLERANCE = 0.01;

  private static final double RATE = 0.5;
  private static final int ROWS = 4;
  private static final int BATCH = 2;
  private static final double[][] X = {
    {1, -0.5, 0.5, 1}, {-1, 0.25, -0.75, -1}, {0.5, 2, 1.5, 0}, {-2, -1, 0.25, -0.5}
  };
  private static final double[] Y = {1, 0, 1, 0};
  private static final double[] START = {0.25, -1, 0.5, 0, 0.75};
  private static final LogisticRegression REGRESSION =
      LogisticRegression.of(ROWS, 2, 2).withBatch(BATCH).withLearningRate(RATE);

  private LogisticPrograms() {}

  static List<Case> cases() {
    double[] scores = Arrays.stream(X).mapToDouble(row -> score(START, row)).toArray();
    long right = 0;
    for (int row = 0; row < ROWS; row++) {
      right += scores[row] > 0 == Y[row] > 0.5 ? 1 : 0;
    }
    Tensor probabilities = floats(Arrays.stream(scores).map(LogisticPrograms::logistic).toArray());
    Tensor correct = Tensor.of(new int[] {(int) right});
    return List.of(
        program(REGRESSION.epoch(), inputs(true, true), weights(epochs(START, 1))),
        program(REGRESSION.training(2), inputs(true, false), weights(epochs(new double[5], 2))),
        program(REGRESSION.prediction(ROWS), inputs(false, true), List.of(probabilities)),
        program(REGRESSION.judgement(ROWS), inputs(true, true), List.of(correct)));
  }

  private static Case program(Program program, List<Tensor> inputs, List<Tensor> expected) {
    return new Case(program.name(), program, inputs, expected, TOLERANCE);
  }

  private static List<Tensor> inputs(boolean labels, boolean model) {
    var blocks = List.of(columns(0), columns(2));
    var others =
        Stream.of(
            labels ? List.of(floats(Y)) : List.<Tensor>of(),
            model ? weights(START) : List.<Tensor>of());
    return Stream.concat(Stream.of(blocks), others).flatMap(List::stream).toList();
  }

  private static Tensor columns(int first) {
    double[] values =
        Arrays.stream(X).flatMapToDouble(row -> Arrays.stream(row, first, first + 2)).toArray();
    return matrix(values, ROWS, 2);
  }

  /** The weights, and the bias, which is the last of a model. */
  private static List<Tensor> weights(double[] model) {
    return List.of(floats(Arrays.copyOf(model, 4)), scalar(model[4]));
  }

  private static double[] epochs(double[] start, int count) {
    double[] model = start;
    for (int first = 0; first < count * ROWS; first += BATCH) {
      model = step(model, first % ROWS);
    }
    return model;
  }

  private static double[] step(double[] model, int first) {
    double[] next = model.clone();
    for (int row = first; row < first + BATCH; row++) {
      double error = logistic(score(model, X[row])) - Y[row];
      for (int i = 0; i < 4; i++) {
        next[i] -= RATE / BATCH * error * X[row][i];
      }
      next[4] -= RATE / BATCH * error;
    }
    return next;
  }

  private static double score(double[] model, double[] row) {
    double sum = model[4];
    for (int i = 0; i < 4; i++) {
      sum += model[i] * row[i];
    }
    return sum;
  }

  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
