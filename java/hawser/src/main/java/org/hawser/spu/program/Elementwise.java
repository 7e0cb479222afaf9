package org.hawser.spu.program;

import java.util.List;
import java.util.Locale;
import org.hawser.spu.DataType;

/** Operations on each element by itself. */
final class Elementwise {
  private Elementwise() {}

  /** The element types that an operation takes. */
  enum Domain {
    NUMBERS("numbers (convert truth values first)"),
    SIGNED("signed integers or floating-point numbers"),
    FLOATS("floating-point numbers"),
    BITS("integers or truth values");

    private final String description;

    Domain(String description) {
      this.description = description;
    }

    private boolean has(DataType type) {
      return switch (this) {
        case NUMBERS -> type != DataType.I1;
        case SIGNED -> type != DataType.I1 && !type.isUnsigned();
        case FLOATS -> type.isFloating();
        case BITS -> !type.isFloating();
      };
    }
  }

  /** Of one operand; named like their methods. */
  enum Unary {
    NEGATE("negate", Domain.NUMBERS),
    ABS("abs", Domain.SIGNED),
    SIGN("sign", Domain.SIGNED),
    FLOOR("floor", Domain.FLOATS),
    CEIL("ceil", Domain.FLOATS),
    EXP("exponential", Domain.FLOATS),
    EXPM1("exponential_minus_one", Domain.FLOATS),
    LOG("log", Domain.FLOATS),
    LOG1P("log_plus_one", Domain.FLOATS),
    LOGISTIC("logistic", Domain.FLOATS),
    TANH("tanh", Domain.FLOATS),
    SQRT("sqrt", Domain.FLOATS),
    RSQRT("rsqrt", Domain.FLOATS),
    NOT("not", Domain.BITS);

    private final String mlir;
    private final Domain domain;

    Unary(String mlir, Domain domain) {
      this.mlir = mlir;
      this.domain = domain;
    }

    Value of(Value operand) {
      require(method(this), domain, operand);
      return operand.emitter().emit(mlir, List.of(operand), "", operand.tensorType());
    }
  }

  /** Of two operands; named like their methods. */
  enum Binary {
    ADD("add", Domain.NUMBERS),
    SUBTRACT("subtract", Domain.NUMBERS),
    MULTIPLY("multiply", Domain.NUMBERS),
    DIVIDE("divide", Domain.NUMBERS),
    REMAINDER("remainder", Domain.NUMBERS),
    POWER("power", Domain.NUMBERS),
    MAX("maximum", Domain.NUMBERS),
    MIN("minimum", Domain.NUMBERS),
    AND("and", Domain.BITS),
    OR("or", Domain.BITS),
    XOR("xor", Domain.BITS);

    private final String mlir;
    private final Domain domain;

    Binary(String mlir, Domain domain) {
      this.mlir = mlir;
      this.domain = domain;
    }

    Value of(Value left, Value right) {
      require(method(this), domain, left, right);
      List<Value> operands = Shaping.alike(method(this), left, right);
      return left.emitter().emit(mlir, operands, "", operands.getFirst().tensorType());
    }

    Value of(Value left, double right) {
      return of(left, like(method(this), left, right));
    }
  }

  /** Comparisons; named like their methods and like StableHLO's directions. */
  enum Comparison {
    EQ,
    NE,
    LT,
    LE,
    GT,
    GE;

    Value of(Value left, Value right) {
      left.emitter().requireUsable(method(this), List.of(left, right));
      List<Value> operands = Shaping.alike(method(this), left, right);
      TensorType type = operands.getFirst().tensorType().withElement(DataType.I1);
      return left.emitter().emit("compare " + name() + ",", operands, "", type);
    }

    Value of(Value left, double right) {
      return of(left, like(method(this), left, right));
    }
  }

  static Value select(Value condition, Value ifTrue, Value ifFalse) {
    var operands = List.of(condition, ifTrue, ifFalse);
    Emitter emitter = condition.emitter();
    if (condition.type() != DataType.I1) {
      throw emitter.misfit("select", operands, "expected truth values (I1) first");
    }
    List<Value> cases = Shaping.alike("select", ifTrue, ifFalse);
    boolean scalars = cases.getFirst().tensorType().isScalar();
    long[] shape = scalars ? condition.shape() : cases.getFirst().shape();
    Value yes = Shaping.spread(cases.get(0), shape);
    Value no = Shaping.spread(cases.get(1), shape);
    if (!condition.tensorType().isScalar()
        && !condition.tensorType().hasShapeOf(yes.tensorType())) {
      throw emitter.misfit(
          "select", operands, "expected a condition of the cases' shape, or a scalar");
    }
    return emitter.emit("select", List.of(condition, yes, no), "", yes.tensorType());
  }

  static Value convert(Value operand, DataType type) {
    if (type == operand.type()) {
      return operand;
    }
    if (type == DataType.F16) {
      throw operand
          .emitter()
          .misfit("convert to F16", List.of(operand), "libspu converts to F32 and F64 only");
    }
    return operand
        .emitter()
        .emit("convert", List.of(operand), "", operand.tensorType().withElement(type));
  }

  /** A constant of the value's type and shape. */
  static Value like(String op, Value value, double number) {
    if (!Literals.fits(value.type(), number)) {
      throw value
          .emitter()
          .misfit(op, List.of(value), "%s has no %s".formatted(value.type(), number));
    }
    return value.emitter().constant(value.tensorType(), Literals.of(value.type(), number));
  }

  private static void require(String op, Domain domain, Value... operands) {
    for (Value operand : operands) {
      if (!domain.has(operand.type())) {
        throw operand.emitter().misfit(op, List.of(operands), "expected " + domain.description);
      }
    }
  }

  private static String method(Enum<?> op) {
    return op.name().toLowerCase(Locale.ROOT);
  }
}
