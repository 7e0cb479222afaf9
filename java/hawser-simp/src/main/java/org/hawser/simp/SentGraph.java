package org.hawser.simp;

import java.util.EnumMap;
import java.util.Map;
import org.hawser.simp.ir.Graph;

/**
 * A graph on its way to workers, written once in each form that they take. Any thread may use it.
 */
final class SentGraph {
  private final Graph graph;
  private final Map<WireForm, Object> forms = new EnumMap<>(WireForm.class);

  /**
   * @param graph null for none, which is never sent
   */
  SentGraph(Graph graph) {
    this.graph = graph;
  }

  Graph graph() {
    return graph;
  }

  /** As a field of a body of that form. */
  synchronized Object in(WireForm form) {
    return forms.computeIfAbsent(form, each -> each.writeGraph(graph));
  }
}
