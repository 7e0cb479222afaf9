package org.hawser.simp.serde;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/** Graphs, with all names as they are. Which opcodes there are is not its business. */
final class GraphKind {
  private static final String GRAPH = "mplang.Graph";

  private GraphKind() {}

  static void register(Kinds kinds) {
    kinds.reader(GRAPH, in -> new GraphReader().read(in));
    kinds.writer(Graph.class, GraphKind::write);
  }

  /** Mplang reads no segments within graphs. */
  private static void write(Graph graph, Writing out) {
    out.withoutSegments()
        .objects("inputs", graph.inputs(), GraphKind::write)
        .objects("operations", graph.operations(), GraphKind::write)
        .texts("outputs", names(graph.outputs()))
        .kind(GRAPH);
  }

  private static void write(Value value, Writing out) {
    out.put("name", value.name()).value("type", value.type());
  }

  private static void write(Operation operation, Writing out) {
    out.put("opcode", operation.opcode())
        .texts("inputs", names(operation.inputs()))
        .objects("outputs", operation.outputs(), GraphKind::write)
        .valuesByName("attrs", operation.attributes())
        .values("regions", operation.regions())
        .put("name", operation.name());
  }

  private static List<String> names(List<Value> values) {
    return values.stream().map(Value::name).toList();
  }

  /** Reads one graph. */
  private static final class GraphReader {
    private final Graph.Builder builder = Graph.builder();
    private final Map<String, Value> values = new HashMap<>();
    private int operations;

    Graph read(Reading in) {
      for (Reading input : in.objects("inputs")) {
        String name = input.text("name");
        Type type = input.value("type", Type.class);
        values.put(name, input.valid(() -> builder.input(name, type)));
      }
      for (Reading operation : in.objects("operations")) {
        add(operation.alsoCalled(operation.text("opcode")));
      }
      named(in, "outputs").forEach(builder::output);
      return builder.build();
    }

    private void add(Reading in) {
      List<Value> inputs = named(in, "inputs");
      List<String> names = new ArrayList<>();
      List<Type> types = new ArrayList<>();
      for (Reading output : in.objects("outputs")) {
        names.add(output.text("name"));
        types.add(output.value("type", Type.class));
      }
      Map<String, Object> attributes = in.has("attrs") ? in.valuesByName("attrs") : Map.of();
      List<Graph> regions = in.has("regions") ? in.values("regions", Graph.class) : List.of();
      String opcode = in.text("opcode");
      String name = in.has("name") ? in.text("name") : "op" + operations;
      in.valid(() -> builder.op(name, opcode, inputs, names, types, attributes, regions))
          .forEach(value -> values.put(value.name(), value));
      operations++;
    }

    private List<Value> named(Reading in, String field) {
      return in.texts(field).stream()
          .map(
              name -> {
                Value value = values.get(name);
                if (value == null) {
                  throw in.malformed(
                      "'%s' names '%s', which nothing before it makes"
                          .formatted(field, Names.shown(name)));
                }
                return value;
              })
          .toList();
    }
  }
}
