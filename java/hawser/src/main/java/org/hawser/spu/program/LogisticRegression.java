package org.hawser.spu.program;

import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;

/**
 * Programs that train a logistic regression by gradient descent on secret samples, and judge it.
 *
 * <p>Their variables, all of type F32:
 *
 * <table>
 * <caption>Variables</caption>
 * <tr><td>{@code x}, or {@code x0}, {@code x1}, ...</td><td>samples by features: one variable for
 * each block of features, so that every owner keeps its own columns</td></tr>
 * <tr><td>{@code y}</td><td>a label for each sample, 0 or 1</td></tr>
 * <tr><td>{@code w}, {@code b}</td><td>the model: a weight for each feature, and the bias</td></tr>
 * </table>
 *
 * <p>Features should be standardised (mean 0, deviation 1), which each owner can do by itself.
 * Steps take the mini-batches in the samples' order: shuffle them beforehand.
 *
 * @param samples the rows to train on
 * @param blocks the number of features in each block
 * @param batch rows a step, which must divide the samples; at most 65536, for the reciprocal of
 *     larger ones is too coarse in fixed point
 * @param learningRate how far a step follows the gradient
 */
public record LogisticRegression(
    long samples, List<Integer> blocks, long batch, double learningRate) {
  private static final long LARGEST_BATCH = 1 << 16;
  private static final double USUAL_RATE = 0.1;

  public LogisticRegression {
    blocks = List.copyOf(blocks);
    require(samples > 0, "at least one sample, not " + samples);
    require(
        !blocks.isEmpty() && blocks.stream().allMatch(width -> width > 0),
        "at least one feature in each block, not " + blocks);
    require(
        batch > 0 && batch <= LARGEST_BATCH && samples % batch == 0,
        "batches of 1 to %d rows that divide %d samples, not %d"
            .formatted(LARGEST_BATCH, samples, batch));
    require(
        learningRate > 0 && Double.isFinite(learningRate),
        "a positive learning rate, not " + learningRate);
  }

  /** In whole batches, at a learning rate of 0.1. */
  public static LogisticRegression of(long samples, Integer... blocks) {
    return new LogisticRegression(samples, List.of(blocks), samples, USUAL_RATE);
  }

  public LogisticRegression withBatch(long rows) {
    return new LogisticRegression(samples, blocks, rows, learningRate);
  }

  public LogisticRegression withLearningRate(double rate) {
    return new LogisticRegression(samples, blocks, batch, rate);
  }

  /** All features of a sample. */
  public int features() {
    return blocks.stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * One pass over the samples, a step for each batch: x, y, w and b give w and b anew. Run again
   * and again over a session's variables it trains on.
   */
  public Program epoch() {
    var b = ProgramBuilder.named("logistic_epoch");
    Data data = data(b, samples);
    return build(b, pass(b, data, model(b)));
  }

  /** All of the training in one program: x and y give w and b, from a model of zeros. */
  public Program training(int epochs) {
    require(epochs > 0, "at least one epoch, not " + epochs);
    var b = ProgramBuilder.named("logistic_training");
    Data data = data(b, samples);
    var zero = new Model(b.fill(DataType.F32, 0, features()), b.constant(DataType.F32, 0));
    List<Value> trained =
        b.repeat(epochs, zero.values(), (_, state) -> pass(b, data, Model.of(state)).values());
    return build(b, Model.of(trained));
  }

  /** The model's probabilities for so many rows: x, w and b give p. */
  public Program prediction(long rows) {
    var b = ProgramBuilder.named("logistic_prediction");
    Value x = features(b, rows);
    b.output("p", model(b).score(x).logistic());
    return b.build();
  }

  /**
   * How many of so many rows the model tells right: x, y, w and b give {@code correct}, an I32.
   * Says nothing else of rows or model.
   */
  public Program judgement(long rows) {
    var b = ProgramBuilder.named("logistic_judgement");
    Data data = data(b, rows);
    Value right = model(b).score(data.x).gt(0).eq(data.y.gt(0.5));
    b.output("correct", right.convert(DataType.I32).sum());
    return b.build();
  }

  private record Data(Value x, Value y) {
    /** So many rows, from one on. */
    Data rows(ProgramBuilder b, Value first, long count) {
      Value zero = b.constant(DataType.I32, 0);
      return new Data(
          x.dynamicSlice(List.of(first, zero), count, x.extent(1)),
          y.dynamicSlice(List.of(first), count));
    }
  }

  private record Model(Value w, Value b) {
    static Model of(List<Value> values) {
      return new Model(values.get(0), values.get(1));
    }

    List<Value> values() {
      return List.of(w, b);
    }

    /** The logarithm of the odds. */
    Value score(Value x) {
      return x.dot(w).add(b);
    }
  }

  private Model pass(ProgramBuilder b, Data data, Model start) {
    if (batch == samples) {
      return step(data, start);
    }
    return Model.of(
        b.repeat(
            Math.toIntExact(samples / batch),
            start.values(),
            (i, state) -> step(data.rows(b, i.multiply(batch), batch), Model.of(state)).values()));
  }

  /**
   * One step down the gradient. The rate goes to the errors and the mean's divisor to the sum:
   * their quotient alone would be lost in fixed point.
   */
  private Model step(Data data, Model model) {
    Value error = model.score(data.x).logistic().subtract(data.y).multiply(learningRate);
    Value w = data.x.transpose().dot(error).divide(batch);
    return new Model(model.w.subtract(w), model.b.subtract(error.mean()));
  }

  private Program build(ProgramBuilder b, Model model) {
    b.output("w", model.w);
    b.output("b", model.b);
    return b.build();
  }

  private Model model(ProgramBuilder b) {
    return new Model(b.input("w", DataType.F32, features()), b.input("b", DataType.F32));
  }

  private Data data(ProgramBuilder b, long rows) {
    return new Data(features(b, rows), b.input("y", DataType.F32, rows));
  }

  private Value features(ProgramBuilder b, long rows) {
    var columns = new ArrayList<Value>();
    for (int i = 0; i < blocks.size(); i++) {
      String name = blocks.size() == 1 ? "x" : "x" + i;
      columns.add(b.input(name, DataType.F32, rows, blocks.get(i)));
    }
    return b.concatenate(1, columns.toArray(Value[]::new));
  }

  private static void require(boolean condition, String expected) {
    if (!condition) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "logistic regression: expected " + expected);
    }
  }
}
