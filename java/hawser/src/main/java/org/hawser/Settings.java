package org.hawser;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The HAWSER_* environment variables, checked as a whole: one that Hawser does not know is refused,
 * since a misspelt setting that is silently ignored costs more than an error.
 */
public final class Settings {
  private final Map<String, String> variables;

  private Settings(Map<String, String> variables) {
    this.variables = variables;
  }

  /**
   * The settings of this process.
   *
   * @throws HawserException (INVALID_ARGUMENT) when a HAWSER_* variable is unknown; it tells the
   *     nearest known name
   */
  public static Settings ofProcess() {
    return of(System.getenv());
  }

  /**
   * As {@link #ofProcess()}, from variables given; those without the HAWSER_ prefix are ignored.
   */
  public static Settings of(Map<String, String> variables) {
    List<String> known = Setting.variables();
    for (String name : variables.keySet()) {
      if (Setting.claims(name) && !known.contains(name)) {
        throw invalid(
            "the environment variable %s is unknown; did you mean %s?"
                .formatted(name, Spelling.nearest(name, known)));
      }
    }
    return new Settings(Map.copyOf(variables));
  }

  /** The variable's text; one that is empty counts as absent. */
  public Optional<String> text(Setting setting) {
    return Optional.ofNullable(variables.get(setting.variable()))
        .map(String::strip)
        .filter(value -> !value.isEmpty());
  }

  /**
   * The variable's value, as {@code parser} reads it.
   *
   * @throws HawserException (INVALID_ARGUMENT) naming the variable when the parser refuses its text
   */
  public <T> Optional<T> value(Setting setting, Function<String, T> parser) {
    return text(setting).map(value -> parse(setting, value, parser));
  }

  private static <T> T parse(Setting setting, String value, Function<String, T> parser) {
    try {
      return parser.apply(value);
    } catch (IllegalArgumentException | HawserException e) {
      throw invalid(
          "%s=%s is not valid (%s); it sets: %s"
              .formatted(setting.variable(), value, e.getMessage(), setting.meaning()));
    }
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
