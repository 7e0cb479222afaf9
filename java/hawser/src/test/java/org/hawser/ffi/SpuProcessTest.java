package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** libspu and Python leave the JVM its end and its signals. */
@RequiresSpu
class SpuProcessTest {
  private static final int TERMINATED = 128 + 15;

  @TempDir Path folder;

  @Test
  void exitEndsTheProcessWithItsCode() throws Exception {
    Process process = start("exit");
    List<String> lines = rest(process);
    assertEquals(7, end(process), lines::toString);
    assertEquals(List.of("ready", "hook"), lines);
  }

  @Test
  void signalsAreTheJvms() throws Exception {
    Process process = start("wait");
    BufferedReader out = process.inputReader();
    assertEquals("ready", out.readLine());
    signal(process, "QUIT");
    String line = out.readLine();
    while (line != null && !line.contains("Full thread dump")) {
      line = out.readLine();
    }
    assertTrue(line != null, "SIGQUIT made no thread dump");
    signal(process, "TERM");
    List<String> lines = rest(process);
    assertEquals(TERMINATED, end(process), lines::toString);
    assertEquals("hook", lines.getLast());
  }

  private Process start(String argument) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp"));
    command.add(classes(SpuLibrary.class) + ":" + classes(SpuProcess.class));
    command.addAll(List.of("-XX:-CreateCoredumpOnCrash", SpuProcess.class.getName(), argument));
    return new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
  }

  private static Path classes(Class<?> type) {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
  }

  private static List<String> rest(Process process) {
    return process.inputReader().lines().toList();
  }

  private static int end(Process process) throws InterruptedException {
    boolean ended = process.waitFor(30, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertTrue(ended, "the process did not end");
    return process.exitValue();
  }

  private static void signal(Process process, String name) throws Exception {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
  }
}
