package org.hawser.spu.program;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The lines of a program's main function, or of a lambda within it. */
final class Region {
  /** What a region's operations may do. */
  enum Kind {
    MAIN("the program", true, true, false),
    LOOP("a loop's lambda", true, true, false),
    /** libspu compares whole columns at once. */
    COMPARATOR("a comparator", false, true, true),
    /** libspu reduces whole slices at once, and does not spread constants over them. */
    REDUCER("a reducer", false, false, true);

    final String description;
    final boolean seesOuterValues;
    final boolean takesConstants;
    final boolean scalarsOnly;

    Kind(String description, boolean seesOuterValues, boolean takesConstants, boolean scalarsOnly) {
      this.description = description;
      this.seesOuterValues = seesOuterValues;
      this.takesConstants = takesConstants;
      this.scalarsOnly = scalarsOnly;
    }
  }

  private static final String INDENT = "  ";

  private final Kind kind;
  private final Region parent;
  private final String indent;
  private final List<Value> parameters = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /**
   * @param parent null for the main function
   */
  Region(Kind kind, Region parent) {
    this.kind = kind;
    this.parent = parent;
    indent = parent == null ? INDENT.repeat(2) : parent.indent + INDENT.repeat(2);
  }

  Kind kind() {
    return kind;
  }

  Region parent() {
    return parent;
  }

  void addParameter(Value value) {
    parameters.add(value);
  }

  List<Value> parameters() {
    return List.copyOf(parameters);
  }

  void line(String line) {
    text.append(indent).append(line).append('\n');
  }

  /** {@code return} and these values, the last line. */
  void finish(String keyword, List<Value> results) {
    line(keyword + " " + Emitter.names(results) + " : " + Emitter.types(Emitter.typesOf(results)));
  }

  /** Its parameters with their types. */
  String signature() {
    return parameters.stream()
        .map(value -> value.name() + ": " + value.tensorType().mlir())
        .collect(Collectors.joining(", "));
  }

  String text() {
    return text.toString();
  }

  /** As an operation's operand: braces around a block with parameters. */
  String block() {
    String outer = indent.substring(INDENT.length());
    return "{\n%s^bb0(%s):\n%s%s}"
        .formatted(outer, signature(), text, outer.substring(INDENT.length()));
  }
}
