package org.hawser;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Another JVM, with the classes of this one, that runs a test's own {@code main}. */
public final class Jvm {
  private Jvm() {}

  /** Starts it; what it prints is printed here. */
  public static Process start(Class<?> main, String... arguments) throws IOException {
    return start(Map.of(), main, arguments);
  }

  /** As the other, with these environment variables. */
  public static Process start(Map<String, String> variables, Class<?> main, String... arguments)
      throws IOException {
    String library = System.getProperty("hawser.library.path");
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                home(HawserException.class) + ":" + home(main)));
    if (library != null) {
      command.add("-Dhawser.library.path=" + library);
    }
    command.add(main.getName());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).inheritIO();
    builder.environment().putAll(variables);
    return builder.start();
  }

  /** Classes and tests are one module when they run, from two places. */
  private static Path home(Class<?> type) {
    String file = type.getName().replace('.', '/') + ".class";
    String url = type.getResource("/" + file).getPath();
    return Path.of(url.substring(0, url.length() - file.length()));
  }
}
