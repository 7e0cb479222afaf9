package org.hawser.simp.serde;

import java.util.List;
import java.util.Optional;
import org.hawser.simp.ir.Operation;

/** Attributes with several items: Python's lists and tuples, which mean the same to operations. */
public final class Sequences {
  private Sequences() {}

  /**
   * The items of an attribute.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) that names operation and attribute, when
   *     there is none or it is neither a list nor a tuple
   */
  public static List<?> of(Operation operation, String attribute) {
    return operation.attributes().get(attribute) instanceof Tuple tuple
        ? tuple.items()
        : operation.attribute(attribute, List.class);
  }

  /** As {@link #of}; empty when there is no such attribute, or it is null. */
  public static Optional<List<?>> find(Operation operation, String attribute) {
    return operation.attributes().get(attribute) == null
        ? Optional.empty()
        : Optional.of(of(operation, attribute));
  }
}
