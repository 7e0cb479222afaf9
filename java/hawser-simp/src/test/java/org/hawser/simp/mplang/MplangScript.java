package org.hawser.simp.mplang;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Python scripts that drive clusters with the real mplang, and mplang's own commands. */
public final class MplangScript {
  private static final Duration LIMIT = Duration.ofSeconds(150);
  // Graphs hold constants of many megabytes.
  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          .build();

  private MplangScript() {}

  /** Runs a script among the resources of this package; its last line is the result. */
  public static JsonNode run(String script, List<String> arguments) {
    var command = new ArrayList<>(List.of(MplangProcess.script(script)));
    command.addAll(arguments);
    try (var process = MplangProcess.start(command)) {
      return JSON.readTree(process.await(LIMIT).getLast());
    } catch (JsonProcessingException e) {
      throw new AssertionError("the script " + script + " did not end with JSON", e);
    }
  }

  /** What {@code python -m mplang.cli ARGUMENTS} prints. */
  public static List<String> command(String... arguments) {
    var command = new ArrayList<>(List.of("-m", "mplang.cli"));
    command.addAll(List.of(arguments));
    try (var process = MplangProcess.start(command)) {
      return process.await(LIMIT);
    }
  }
}
