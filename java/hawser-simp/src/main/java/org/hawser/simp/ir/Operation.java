package org.hawser.simp.ir;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of a graph.
 *
 * @param opcode such as {@code simp.pcall_static}
 * @param name unique in its graph, for people
 * @param attributes what else it says; their values are what {@code org.hawser.simp.serde} knows
 * @param regions graphs that it runs
 */
public record Operation(
    String opcode,
    String name,
    List<Value> inputs,
    List<Value> outputs,
    Map<String, Object> attributes,
    List<Graph> regions) {
  public Operation {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    regions = List.copyOf(regions);
  }

  /**
   * An attribute of a certain class.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) that names operation and attribute, when
   *     there is none or it is another class's
   */
  public <T> T attribute(String attribute, Class<T> wanted) {
    Object value = attributes.get(attribute);
    if (!wanted.isInstance(value)) {
      throw Graph.invalid(
          "%s (%s): attribute '%s' must be a %s, not %s"
              .formatted(
                  opcode,
                  name,
                  attribute,
                  wanted.getSimpleName(),
                  value == null ? "missing" : "a " + value.getClass().getSimpleName()));
    }
    return wanted.cast(value);
  }

  /**
   * The region at a place.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when there are fewer
   */
  public Graph region(int index) {
    if (index >= regions.size()) {
      throw Graph.invalid(
          "%s (%s): it has %d regions, and takes %d or more"
              .formatted(opcode, name, regions.size(), index + 1));
    }
    return regions.get(index);
  }
}
