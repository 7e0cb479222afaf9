package org.hawser.simp.ir;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes graphs for people: one line an operation, regions indented below it. */
final class GraphPrinter {
  private static final int LONGEST_TEXT = 60;

  private GraphPrinter() {}

  static String print(Graph graph) {
    var out = new StringBuilder();
    print(out, graph, "");
    return out.toString();
  }

  private static void print(StringBuilder out, Graph graph, String indent) {
    graph.inputs().forEach(value -> line(out, indent, "%s = input", value));
    for (Operation operation : graph.operations()) {
      out.append(indent);
      if (!operation.outputs().isEmpty()) {
        out.append(typed(operation.outputs())).append(" = ");
      }
      out.append(operation.opcode()).append('(').append(names(operation.inputs())).append(')');
      if (!operation.attributes().isEmpty()) {
        out.append(' ').append(attributes(operation.attributes()));
      }
      out.append('\n');
      for (Graph region : operation.regions()) {
        out.append(indent).append("  {\n");
        print(out, region, indent + "    ");
        out.append(indent).append("  }\n");
      }
    }
    out.append(indent).append("return ").append(names(graph.outputs())).append('\n');
  }

  private static void line(StringBuilder out, String indent, String form, Value value) {
    out.append(indent).append(form.formatted(typed(List.of(value)))).append('\n');
  }

  private static String typed(List<Value> values) {
    return values.stream()
        .map(value -> value + " : " + value.type())
        .collect(Collectors.joining(", "));
  }

  private static String names(List<Value> values) {
    return values.stream().map(Value::name).collect(Collectors.joining(", "));
  }

  private static String attributes(Map<String, Object> attributes) {
    return attributes.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + shortened(entry.getValue()))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /** Long texts may be whole programs, or what a party put into its own: they are counted. */
  private static String shortened(Object value) {
    return switch (value) {
      case byte[] bytes -> bytes.length + " bytes";
      case List<?> list -> list.stream().map(GraphPrinter::shortened).toList().toString();
      case String text when text.length() > LONGEST_TEXT -> text.length() + " characters";
      case null, default -> cut(String.valueOf(value).replace('\n', ' '));
    };
  }

  private static String cut(String text) {
    return text.length() <= LONGEST_TEXT
        ? text
        : text.substring(0, LONGEST_TEXT) + "... (%d)".formatted(text.length());
  }
}
