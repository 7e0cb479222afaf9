package org.hawser.simp.serde;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A tensor of anything, such as numbers that are encrypted one by one.
 *
 * @param shape the extent of each dimension
 * @param items in row-major order, as many as the shape says
 */
public record ObjectTensor(List<Long> shape, List<Object> items) {
  public ObjectTensor {
    shape = List.copyOf(shape);
    items = Collections.unmodifiableList(new ArrayList<>(items));
    if (Shapes.elements(shape) != items.size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the shape %s takes %d items, not %d"
              .formatted(shape, Shapes.elements(shape), items.size()));
    }
  }
}
