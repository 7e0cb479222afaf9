package org.hawser.spu.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/**
 * Writes a program for SPU.
 *
 * <pre>{@code
 * var b = ProgramBuilder.named("predict");
 * Value x = b.input("x", F32, 1024, 16);
 * Value w = b.input("w", F32, 16);
 * b.output("p", x.dot(w).logistic());
 * Program program = b.build();
 * }</pre>
 *
 * <p>Operations are methods of {@link Value}, or of this where several values take part alike.
 * Whatever does not fit throws INVALID_ARGUMENT with the operation, its operands' types and what
 * was expected. For one thread, and one program.
 */
public final class ProgramBuilder {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*");

  private final String name;
  private final Emitter emitter;
  private final List<Program.Variable> inputs = new ArrayList<>();
  private final List<Program.Variable> outputs = new ArrayList<>();
  private final List<Value> results = new ArrayList<>();

  private ProgramBuilder(String name) {
    this.name = name;
    emitter = new Emitter(name);
  }

  /**
   * Starts a program.
   *
   * @param name letters, digits, underscores and dots, a letter or an underscore first
   */
  public static ProgramBuilder named(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "'%s' is no program's name: it needs letters, digits, underscores and dots, a letter first"
              .formatted(name));
    }
    return new ProgramBuilder(name);
  }

  /** A variable that the program reads; their order is that of these calls. */
  public Value input(String variable, DataType type, long... shape) {
    requireNew("input", variable, inputs);
    var tensorType = new TensorType(type, shape);
    Value value = emitter.input(tensorType);
    inputs.add(new Program.Variable(variable, tensorType));
    return value;
  }

  /** A variable that the program writes; may be named like an input, which it then replaces. */
  public void output(String variable, Value value) {
    requireNew("output", variable, outputs);
    emitter.requireUsable("output '%s'".formatted(variable), List.of(value));
    outputs.add(new Program.Variable(variable, value.tensorType()));
    results.add(value);
  }

  /** A public scalar. */
  public Value constant(DataType type, double value) {
    return fill(type, value);
  }

  /** A public truth value. */
  public Value constant(boolean value) {
    return fill(DataType.I1, value ? 1 : 0);
  }

  /** Public numbers, which become part of the program's text. */
  public Value constant(Tensor values) {
    return emitter.constant(new TensorType(values.type(), values.shape()), Literals.of(values));
  }

  /**
   * The same public number everywhere. SPU has fixed-point numbers: it reads NaN as 0, whatever is
   * below its resolution (2^-18 in FM64) as 0, and infinities as its largest numbers, with which
   * SECURENN does not compare right.
   *
   * @throws HawserException (INVALID_ARGUMENT) when an integer type does not have it
   */
  public Value fill(DataType type, double value, long... shape) {
    if (!Literals.fits(type, value)) {
      throw emitter.invalid("constant: %s has no %s".formatted(type, value));
    }
    return emitter.constant(new TensorType(type, shape), Literals.of(type, value));
  }

  /** Each element is its index along one dimension; public. */
  public Value iota(DataType type, int dimension, long... shape) {
    if (type == DataType.I1 || dimension < 0 || dimension >= shape.length) {
      throw emitter.invalid(
          "iota: expected a type of numbers and a dimension of the shape, not %s, %d, %s"
              .formatted(type, dimension, Arrays.toString(shape)));
    }
    return emitter.iota(dimension, new TensorType(type, shape));
  }

  /** One after the other along a dimension; the other extents are the same. */
  public Value concatenate(int dimension, Value... values) {
    return Shaping.concatenate(dimension, requireSome("concatenate", List.of(values)));
  }

  /**
   * Reduces several values of one shape together, as for the place of a maximum.
   *
   * @param initials a scalar for each; {@code combine} must leave any number as it is with them
   * @param combine of two scalars of each value, associative; may use nothing but its parameters,
   *     and no constants, for libspu runs it over whole slices
   * @param dimensions that vanish; none for all
   */
  public List<Value> reduce(
      List<Value> values,
      List<Value> initials,
      BinaryOperator<List<Value>> combine,
      int... dimensions) {
    return Reduction.reduce("reduce", requireSome("reduce", values), initials, combine, dimensions);
  }

  /**
   * Sorts several values of one shape by the same order. Not stable: libspu sorts secrets so.
   *
   * @param isBefore whether the elements in its first parameter come before those in its second, a
   *     scalar of each value: a strict order. May use constants that are made within it, and no
   *     value from outside
   */
  public List<Value> sort(
      List<Value> values, int dimension, BiFunction<List<Value>, List<Value>, Value> isBefore) {
    return Control.sort(requireSome("sort", values), dimension, isBefore);
  }

  /**
   * Repeats while a condition holds.
   *
   * @param state where it starts; types and shapes stay
   * @param condition a scalar truth value, computed before each round. Must be public when the
   *     program runs, so must depend on constants and public inputs only: libspu refuses to run
   *     loops on secret conditions
   * @param body the next state
   * @return the last state
   */
  public List<Value> loop(
      List<Value> state, Function<List<Value>, Value> condition, UnaryOperator<List<Value>> body) {
    return Control.loop(requireSome("loop", state), condition, body);
  }

  /**
   * Repeats a number of times.
   *
   * @param body the next state, from the round's number (a public scalar of type {@link
   *     DataType#I32}, from 0) and the state
   */
  public List<Value> repeat(
      int times, List<Value> state, BiFunction<Value, List<Value>, List<Value>> body) {
    List<Value> start = Emitter.join(List.of(constant(DataType.I32, 0)), state);
    List<Value> last =
        loop(
            start,
            all -> all.getFirst().lt(times),
            all ->
                Emitter.join(
                    List.of(all.getFirst().add(1)),
                    body.apply(all.getFirst(), all.subList(1, all.size()))));
    return last.subList(1, last.size());
  }

  /**
   * The finished program; the builder is of no use any more.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it has no output
   */
  public Program build() {
    if (outputs.isEmpty()) {
      throw emitter.invalid("build: expected at least one output");
    }
    return new Program(name, emitter.finish(results), inputs, outputs);
  }

  private List<Value> requireSome(String op, List<Value> values) {
    if (values.isEmpty()) {
      throw emitter.invalid(op + ": expected at least one value");
    }
    return values;
  }

  private void requireNew(String what, String variable, List<Program.Variable> known) {
    if (variable.isEmpty() || known.stream().anyMatch(one -> one.name().equals(variable))) {
      throw emitter.invalid("%s '%s': expected a name of its own".formatted(what, variable));
    }
  }
}
