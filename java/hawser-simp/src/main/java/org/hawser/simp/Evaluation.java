package org.hawser.simp;

import java.util.List;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.ir.Value;

/** One pass over a graph: what its values hold, each for as long as somebody is to use it. */
final class Evaluation {
  private final Job job;
  private final Graph graph;
  private final Object[] slots;
  // How often each value is still to be used.
  private final int[] uses;

  Evaluation(Job job, Graph graph, Object[] inputs) {
    this.job = job;
    this.graph = graph;
    this.slots = new Object[graph.slots()];
    this.uses = graph.uses();
    List<Value> names = graph.inputs();
    for (int i = 0; i < inputs.length; i++) {
      define(names.get(i), inputs[i]);
    }
  }

  Object[] run() {
    for (Operation operation : graph.operations()) {
      Object[] results = job.execute(operation, take(operation.inputs()));
      List<Value> outputs = operation.outputs();
      for (int i = 0; i < results.length; i++) {
        define(outputs.get(i), results[i]);
      }
    }
    return take(graph.outputs());
  }

  private void define(Value value, Object contents) {
    if (uses[value.slot()] > 0) {
      slots[value.slot()] = contents;
    }
  }

  /** Uses values, and lets go of those that are used for the last time. */
  private Object[] take(List<Value> values) {
    Object[] taken = new Object[values.size()];
    for (int i = 0; i < taken.length; i++) {
      int slot = values.get(i).slot();
      taken[i] = slots[slot];
      if (--uses[slot] == 0) {
        slots[slot] = null;
      }
    }
    return taken;
  }
}
