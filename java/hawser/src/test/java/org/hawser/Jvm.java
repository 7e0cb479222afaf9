package org.hawser;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM, with the classes of this one, that runs a test's own {@code main}. */
public final class Jvm {
  private Jvm() {}

  /** Starts it; what it prints is printed here. */
  public static Process start(Class<?> main, String... arguments) throws IOException {
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
    return new ProcessBuilder(command).inheritIO().start();
  }

  /** Classes and tests are one module when they run, from two places. */
  private static Path home(Class<?> type) {
    String file = type.getName().replace('.', '/') + ".class";
    String url = type.getResource("/" + file).getPath();
    return Path.of(url.substring(0, url.length() - file.length()));
  }
}
