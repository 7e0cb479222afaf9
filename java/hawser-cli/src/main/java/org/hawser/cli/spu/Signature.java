package org.hawser.cli.spu;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hawser.spu.DataType;

/**
 * What a program's main function takes and how many results it has, read from its text: StableHLO,
 * or the code that libspu compiles it to.
 */
record Signature(List<Argument> arguments, int results) {
  private static final Pattern MAIN = Pattern.compile("func\\.func\\s+(?:public\\s+)?@main\\s*\\(");
  private static final Pattern ARROW = Pattern.compile("\\s*->\\s*");
  private static final Pattern ARGUMENT =
      Pattern.compile(
          "%([\\w$.-]+)\\s*:\\s*tensor<((?:\\d+x)*)(?:!pphlo\\.\\w+<)?(\\w+).*", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("%([\\w$.-]+).*", Pattern.DOTALL);

  /**
   * @param form empty where the text has a type that libspu lacks, or a shape that is not fixed
   */
  record Argument(String name, Optional<Form> form) {}

  /** Type and shape. */
  record Form(DataType type, long... shape) {
    @Override
    public String toString() {
      return type + Arrays.toString(shape);
    }
  }

  /** Empty when it is no text, or has no function main. */
  static Optional<Signature> parse(byte[] program) {
    String text = new String(program, StandardCharsets.UTF_8);
    Matcher main = MAIN.matcher(text);
    if (!main.find()) {
      return Optional.empty();
    }
    var arguments = new Items(text, main.end());
    Matcher arrow = ARROW.matcher(text).region(arguments.end(), text.length());
    int results = 0;
    if (arrow.lookingAt()) {
      boolean several = text.charAt(arrow.end()) == '(';
      results = several ? new Items(text, arrow.end() + 1).list.size() : 1;
    }
    return Optional.of(
        new Signature(arguments.list.stream().map(Signature::argument).toList(), results));
  }

  List<String> argumentNames() {
    return arguments.stream().map(Argument::name).toList();
  }

  private static Argument argument(String text) {
    Matcher matcher = ARGUMENT.matcher(text);
    if (!matcher.matches()) {
      Matcher name = NAME.matcher(text);
      return new Argument(name.matches() ? name.group(1) : text, Optional.empty());
    }
    Optional<DataType> type =
        Arrays.stream(DataType.values())
            .filter(each -> each.mlir().equals(matcher.group(3)))
            .findFirst();
    long[] shape =
        Arrays.stream(matcher.group(2).split("x"))
            .filter(extent -> !extent.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray();
    return new Argument(matcher.group(1), type.map(each -> new Form(each, shape)));
  }

  @Override
  public String toString() {
    return arguments.stream()
        .map(each -> each.name() + each.form().map(form -> " " + form).orElse(""))
        .collect(Collectors.joining(", ", "(", ")"));
  }

  /** What stands between commas up to a closing bracket, whatever brackets and texts are within. */
  private static final class Items {
    private final List<String> list = new ArrayList<>();
    private final String text;
    private int at;

    Items(String text, int start) {
      this.text = text;
      this.at = start;
      int depth = 0;
      int from = start;
      while (at < text.length() && depth >= 0) {
        char c = text.charAt(at);
        if (c == '"') {
          skipText();
        } else if ("([{<".indexOf(c) >= 0) {
          depth++;
        } else if (")]}>".indexOf(c) >= 0) {
          depth--;
        }
        if (depth < 0 || depth == 0 && c == ',') {
          add(text.substring(from, at));
          from = at + 1;
        }
        at++;
      }
    }

    private void skipText() {
      at++;
      while (at < text.length() && text.charAt(at) != '"') {
        at += text.charAt(at) == '\\' ? 2 : 1;
      }
    }

    private void add(String item) {
      if (!item.isBlank()) {
        list.add(item.strip());
      }
    }

    /** Where the text goes on after the bracket. */
    int end() {
      return Math.min(at, text.length());
    }
  }
}
