package org.hawser.launch;

import java.util.Map;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * The process's environment variables, read strictly: a variable that is there and wrong is an
 * error that names it.
 */
record Environment(Map<String, String> variables) {
  boolean has(String name) {
    return text(name).isPresent();
  }

  /** Empty counts as absent, as {@code mpirun -x} and Slurm treat it. */
  Optional<String> text(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
  }

  String required(String name) {
    return text(name)
        .orElseThrow(
            () -> invalid(name + " is not set, though the launcher's other variables are"));
  }

  int number(String name) {
    var value = required(name);
    try {
      return Integer.parseUnsignedInt(value.strip());
    } catch (NumberFormatException e) {
      throw invalid(name + "=" + value + " is not a number");
    }
  }

  static HawserException invalid(String what) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, what);
  }
}
