package org.hawser.cli.simp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.Serde;
import org.hawser.simp.trace.SimpProgram;
import org.hawser.simp.trace.TracedProgram;
import org.hawser.simp.trace.Tracer;

/**
 * Where a program comes from: a graph in a file, as mplang writes them, in JSON or packed; or a
 * class that implements {@link SimpProgram}.
 */
final class ProgramSource {
  private ProgramSource() {}

  /**
   * A program without inputs.
   *
   * @param program a file, or else a class by its name
   * @param folders where classes are, beside those of this process: folders and jars
   * @throws HawserException (INVALID_ARGUMENT) that tells what is wrong with it
   */
  static TracedProgram read(String program, List<Path> folders) {
    boolean isName = program.matches("[\\w$]+(\\.[\\w$]+)*") && !Files.exists(Path.of(program));
    TracedProgram found = isName ? trace(program, folders) : read(Path.of(program));
    if (!found.inputs().isEmpty()) {
      throw invalid(
          "%s takes the inputs %s; a program to run takes none".formatted(program, found.inputs()),
          null);
    }
    return found;
  }

  private static TracedProgram trace(String name, List<Path> folders) {
    try (var loader = URLClassLoader.newInstance(urls(folders))) {
      Object program = loader.loadClass(name).getConstructor().newInstance();
      if (!(program instanceof SimpProgram traced)) {
        throw invalid("class %s is no %s".formatted(name, SimpProgram.class.getName()), null);
      }
      return Tracer.trace(name, traced);
    } catch (ReflectiveOperationException e) {
      throw invalid(
          "there is no file %s, and no class with a public constructor without arguments: %s"
              .formatted(name, e),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL[] urls(List<Path> folders) throws IOException {
    var urls = new URL[folders.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = folders.get(i).toUri().toURL();
    }
    return urls;
  }

  private static TracedProgram read(Path file) {
    Object value = value(file);
    if (!(value instanceof Graph graph)) {
      throw wrong(file, "is a value, and no mplang.Graph", null);
    }
    return new TracedProgram(file.toString(), graph, names(graph.inputs()), names(graph.outputs()));
  }

  private static List<String> names(List<Value> values) {
    return values.stream().map(Value::name).toList();
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
    return invalid(file + " " + what, cause);
  }

  private static HawserException invalid(String message, Exception cause) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message, cause);
  }
}
