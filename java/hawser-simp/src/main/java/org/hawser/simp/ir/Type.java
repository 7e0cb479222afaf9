package org.hawser.simp.ir;

import java.util.List;
import java.util.Map;

/**
 * What a value of a graph is. The names are mplang's; two types are equal when they say the same.
 */
public sealed interface Type {
  /** What one number can be. */
  sealed interface Scalar extends Type permits IntegerType, FloatType, ComplexType {}

  /**
   * @param bitwidth a power of two; 1 is a truth value
   */
  record IntegerType(int bitwidth, boolean signed) implements Scalar {
    public IntegerType {
      if (bitwidth <= 0 || Integer.bitCount(bitwidth) != 1) {
        throw Graph.invalid("an integer type has a power of two of bits, not " + bitwidth);
      }
    }

    @Override
    public String toString() {
      return (signed ? "i" : "u") + bitwidth;
    }
  }

  /**
   * @param bitwidth 16, 32, 64 or 128
   */
  record FloatType(int bitwidth) implements Scalar {
    public FloatType {
      if (bitwidth < 16 || bitwidth > 128 || Integer.bitCount(bitwidth) != 1) {
        throw Graph.invalid(
            "a floating-point type has 16, 32, 64 or 128 bits, not %d".formatted(bitwidth));
      }
    }

    @Override
    public String toString() {
      return "f" + bitwidth;
    }
  }

  /** Real and imaginary part, each of the inner type. */
  record ComplexType(FloatType inner) implements Scalar {
    @Override
    public String toString() {
      return "c" + 2 * inner.bitwidth();
    }
  }

  /**
   * @param shape extents above 0, or {@link #DYNAMIC}; empty for a scalar
   */
  record TensorType(Type element, List<Long> shape) implements Type {
    /** An extent that is known only when the program runs. */
    public static final long DYNAMIC = -1;

    public TensorType {
      shape = List.copyOf(shape);
      if (shape.stream().anyMatch(extent -> extent < DYNAMIC || extent == 0)) {
        throw Graph.invalid("a tensor's extents are above 0, or -1 for unknown, not " + shape);
      }
    }

    @Override
    public String toString() {
      return "Tensor[%s, %s]".formatted(element, shape);
    }
  }

  /** Slots that are encrypted together. */
  record VectorType(Scalar element, long size) implements Type {
    @Override
    public String toString() {
      return "Vector[%s, %d]".formatted(element, size);
    }
  }

  /**
   * Named columns, in order.
   *
   * @param rows their number, {@link #UNKNOWN_ROWS} when it is known only when the program runs
   */
  record TableType(List<Column> columns, long rows) implements Type {
    /** So many rows that nobody knows yet. */
    public static final long UNKNOWN_ROWS = -1;

    /** One of them. */
    public record Column(String name, Type type) {}

    public TableType {
      columns = List.copyOf(columns);
    }

    @Override
    public String toString() {
      return "Table" + columns;
    }
  }

  /**
   * One party's share of a secret.
   *
   * @param scheme how it is shared, such as {@code ss}
   */
  record SSType(Type plain, String scheme) implements Type {
    @Override
    public String toString() {
      return "SS[%s]".formatted(plain);
    }
  }

  /**
   * A value that some parties have, each its own.
   *
   * @param parties ascending; null when it is known only when the program runs
   */
  record MPType(Type value, List<Integer> parties) implements Type {
    public MPType {
      parties = parties == null ? null : List.copyOf(parties);
    }

    @Override
    public String toString() {
      return "MP[%s, %s]".formatted(value, parties == null ? "*" : parties);
    }
  }

  /** Anything else, known by its name: keys, handles, or "Any". */
  record CustomType(String kind) implements Type {
    public static final CustomType ANY = new CustomType("Any");

    @Override
    public String toString() {
      return kind;
    }
  }

  /**
   * A type of one of mplang's dialects that Hawser has no operations of: parties that have them may
   * run their part of a program beside ours, which only hands it on.
   *
   * @param kind such as {@code crypto.PointType}
   * @param fields what it says of itself: texts, integers, truth values and types
   */
  record ForeignType(String kind, Map<String, Object> fields) implements Type {
    public ForeignType {
      fields = Map.copyOf(fields);
    }

    @Override
    public String toString() {
      return kind + (fields.isEmpty() ? "" : fields);
    }
  }
}
