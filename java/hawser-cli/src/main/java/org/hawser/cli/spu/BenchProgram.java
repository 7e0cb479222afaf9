package org.hawser.cli.spu;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hawser.ByteSize;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.LogisticRegression;
import org.hawser.spu.program.Program;
import org.hawser.spu.program.ProgramBuilder;
import org.hawser.spu.program.TensorType;
import org.hawser.spu.program.Value;

/**
 * What {@code hawser spu bench} measures.
 *
 * @param text as it was asked for
 * @param rows of its inputs; the bytes of a message where there is no computation
 * @param columns of its inputs, 1 where they have none
 */
record BenchProgram(String text, Kind kind, long rows, long columns) {
  private static final Pattern FORM = Pattern.compile("([a-z]+):(\\d+[KMG]?)(?:x(\\d+))?");
  private static final long SEED = 20251211;
  private static final double SPREAD = 4;

  /** In fixed point the last bits depend on the shares' randomness. */
  private static final double PRODUCT_TOLERANCE = 1e-2;

  private static final double LOGISTIC_TOLERANCE = 1e-2;

  enum Kind {
    /** Which of two vectors' elements are greater. */
    compare(0),
    /** The product of two square matrices. */
    matmul(PRODUCT_TOLERANCE),
    /** One step of a logistic regression. */
    lr(LOGISTIC_TOLERANCE),
    /** A message there and back, 1000 times, over the bare link. */
    pingpong(0),
    /** Messages one way over the bare link, as fast as they go. */
    stream(0);

    private final double tolerance;

    Kind(double tolerance) {
      this.tolerance = tolerance;
    }
  }

  /**
   * Reads {@code compare:N}, {@code matmul:N}, {@code lr:ROWSxCOLUMNS}, {@code pingpong:BYTES} or
   * {@code stream:BYTES}.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it is none of them
   */
  static BenchProgram parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      for (Kind kind : Kind.values()) {
        boolean twoNumbers = matcher.group(3) != null;
        if (kind.name().equals(matcher.group(1)) && twoNumbers == (kind == Kind.lr)) {
          long rows = ByteSize.parse(matcher.group(2));
          long columns = twoNumbers ? Long.parseLong(matcher.group(3)) : 1;
          if (rows > 0 && columns > 0 && rows <= Integer.MAX_VALUE / columns) {
            return new BenchProgram(text, kind, rows, kind == Kind.matmul ? rows : columns);
          }
        }
      }
    }
    throw new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "\"%s\" is no program to measure; write compare:N, matmul:N, lr:ROWSxCOLUMNS, pingpong:BYTES or stream:BYTES"
            .formatted(text));
  }

  /** Whether it only moves bytes. */
  boolean isBare() {
    return kind == Kind.pingpong || kind == Kind.stream;
  }

  /** By how much two right results may differ. */
  double tolerance() {
    return kind.tolerance;
  }

  Program program() {
    return switch (kind) {
      case compare -> {
        var b = ProgramBuilder.named("compare");
        Value x = b.input("x", DataType.F32, rows);
        b.output("result", x.gt(b.input("y", DataType.F32, rows)));
        yield b.build();
      }
      case matmul -> {
        var b = ProgramBuilder.named("matmul");
        Value x = b.input("x", DataType.F32, rows, columns);
        b.output("result", x.dot(b.input("y", DataType.F32, columns, rows)));
        yield b.build();
      }
      case lr -> LogisticRegression.of(rows, Math.toIntExact(columns)).epoch();
      case pingpong, stream -> throw new IllegalStateException(text + " is no computation");
    };
  }

  /** The program's inputs by name, in its order, the same in every process. */
  Map<String, Tensor> inputs(Program program) {
    var random = new SplittableRandom(SEED);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Program.Variable input : program.inputs()) {
      tensors.put(input.name(), numbers(random, input.type(), input.name().equals("y")));
    }
    return tensors;
  }

  /** Of a regression, y are labels. */
  private Tensor numbers(SplittableRandom random, TensorType type, boolean second) {
    double[] values = new double[Math.toIntExact(type.elements())];
    boolean labels = kind == Kind.lr && second;
    Arrays.setAll(
        values, _ -> labels ? random.nextInt(2) : random.nextDouble(-SPREAD / 2, SPREAD / 2));
    return Tensor.of(type.element(), values, type.shape());
  }

  @Override
  public String toString() {
    return text.toLowerCase(Locale.ROOT);
  }
}
