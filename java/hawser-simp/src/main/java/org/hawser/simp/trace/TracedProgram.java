package org.hawser.simp.trace;

import static org.hawser.simp.trace.Types.invalid;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHost;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/**
 * A program that was traced: it can be run on any host with its parties, again and again, and
 * written with {@link org.hawser.simp.serde.Serde}, as its graph.
 *
 * @param inputs names of the graph's inputs, in their order
 * @param outputs names of the graph's outputs, in their order
 */
public record TracedProgram(String name, Graph graph, List<String> inputs, List<String> outputs) {
  public TracedProgram {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /**
   * Runs it, and waits for the end.
   *
   * @param given one an input, by its name: what another program has returned on the same host
   * @return the outputs by name, in their order; their parts stay at the parties
   * @throws org.hawser.HawserException INVALID_ARGUMENT for inputs other than its own; else as
   *     {@link SimpHost#run}
   */
  public Map<String, HostVar> run(SimpHost host, Map<String, HostVar> given) {
    if (given.size() != inputs.size() || !given.keySet().containsAll(inputs)) {
      throw invalid("program %s takes %s, not %s".formatted(name, inputs, given.keySet()));
    }
    for (int i = 0; i < inputs.size(); i++) {
      requireParts(given.get(inputs.get(i)), graph.inputs().get(i));
    }
    List<HostVar> results = host.run(graph, inputs.stream().map(given::get).toList());
    Map<String, HostVar> named = new LinkedHashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      named.put(outputs.get(i), results.get(i));
    }
    return named;
  }

  /** Nobody waits at a party for a part that the program takes for granted. */
  private void requireParts(HostVar given, Value input) {
    List<Integer> parties = ((Type.MPType) input.type()).parties();
    if (!given.parties().containsAll(parties)) {
      throw invalid(
          "program %s: its input '%s' is at %s, and it is given a value at %s"
              .formatted(name, input, parties, given.parties()));
    }
  }

  /**
   * Runs it, and brings its outputs here, each from the first party that has a part of it. They are
   * forgotten there.
   *
   * @return by name, in their order; null for what no party has
   * @throws org.hawser.HawserException as {@link #run}
   */
  public Map<String, Object> fetch(SimpHost host, Map<String, HostVar> given) {
    Map<String, Object> values = new LinkedHashMap<>();
    run(host, given)
        .forEach(
            (output, value) -> {
              List<Integer> parties = value.parties();
              values.put(output, parties.isEmpty() ? null : host.fetch(value, parties.getFirst()));
              host.release(value);
            });
    return values;
  }

  /** For people: the graph. */
  @Override
  public String toString() {
    return "program %s%n%s".formatted(name, graph);
  }
}
