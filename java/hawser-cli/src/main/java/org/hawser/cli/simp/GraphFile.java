package org.hawser.cli.simp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.serde.Serde;

/** A graph in a file, as mplang writes them: in JSON, or packed. */
final class GraphFile {
  private GraphFile() {}

  /**
   * @throws HawserException (INVALID_ARGUMENT) that tells what is wrong with the file
   */
  static Graph read(Path file) {
    Object value = value(file);
    if (!(value instanceof Graph graph)) {
      throw wrong(file, "is a value, and no mplang.Graph", null);
    }
    if (!graph.inputs().isEmpty()) {
      throw wrong(
          file, "takes %d inputs; a program takes none".formatted(graph.inputs().size()), null);
    }
    return graph;
  }

  private static Object value(Path file) {
    try {
      String text = Files.readString(file).strip();
      return text.startsWith("{")
          ? Serde.fromJson(new ObjectMapper().readTree(text))
          : Serde.loadsB64(text);
    } catch (JsonProcessingException e) {
      throw wrong(file, "is no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw wrong(file, "cannot be read: " + e.getMessage(), e);
    } catch (HawserException e) {
      throw wrong(file, "is no program: " + e.getMessage(), e);
    }
  }

  private static HawserException wrong(Path file, String what, Exception cause) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, file + " " + what, cause);
  }
}
