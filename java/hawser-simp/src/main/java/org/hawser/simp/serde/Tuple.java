package org.hawser.simp.serde;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A list that Python calls a tuple. Never changes; items may be null. */
public record Tuple(List<Object> items) {
  public Tuple {
    items = Collections.unmodifiableList(new ArrayList<>(items));
  }

  public static Tuple of(Object... items) {
    return new Tuple(Arrays.asList(items));
  }
}
