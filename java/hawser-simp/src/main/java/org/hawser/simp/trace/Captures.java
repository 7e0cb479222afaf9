package org.hawser.simp.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Value;

/**
 * What the regions of one operation use of the program around them: inputs that all of them get.
 */
final class Captures {
  private final List<Traced> captured = new ArrayList<>();
  private final List<Region> regions = new ArrayList<>();

  /** One region, and the inputs that stand for what it has captured. */
  final class Region {
    private final Graph.Builder graph;
    private final List<Value> ownInputs = new ArrayList<>();
    private final Map<Traced, Value> inputs = new LinkedHashMap<>();

    private Region(Graph.Builder graph) {
      this.graph = graph;
    }

    Value input(Traced like) {
      Value input = graph.input("%arg" + ownInputs.size(), like.distributed());
      ownInputs.add(input);
      return input;
    }

    /** The input that stands for a value of the program around it. */
    Value capture(Traced outer) {
      if (!captured.contains(outer)) {
        captured.add(outer);
      }
      return inputs.computeIfAbsent(
          outer, value -> graph.input("%captured" + captured.indexOf(value), value.distributed()));
    }

    /** Finished, with inputs for what other regions have captured too. */
    private Graph build() {
      List<Value> order = new ArrayList<>(ownInputs);
      captured.forEach(outer -> order.add(capture(outer)));
      return graph.buildWithInputs(order);
    }
  }

  Region region(Graph.Builder graph) {
    var region = new Region(graph);
    regions.add(region);
    return region;
  }

  /** What is handed to the regions after their own inputs. */
  List<Traced> captured() {
    return captured;
  }

  /** All regions, in the order in which they were begun. */
  List<Graph> build() {
    return regions.stream().map(Region::build).toList();
  }
}
