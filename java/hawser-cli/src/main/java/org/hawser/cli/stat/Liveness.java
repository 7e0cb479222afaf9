package org.hawser.cli.stat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hawser.cli.stat.ProcessStat.State;

/** Whether a process runs that was known by its number, its start, its boot and its namespace. */
final class Liveness {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
  private static final Path NAMESPACE = Path.of("/proc/self/ns/pid");

  /** Where /proc/PID/stat tells the start, counted from the field behind the name. */
  private static final int START = 19;

  private Liveness() {}

  static State of(int pid, long start, long namespace, String boot) {
    try {
      if (!Files.readString(BOOT).strip().equals(boot)) {
        return State.DEAD;
      }
      // As in pid:[4026531836].
      if (!Files.readSymbolicLink(NAMESPACE).toString().equals("pid:[" + namespace + "]")) {
        return State.UNKNOWN;
      }
      return start(pid).equals(Long.toUnsignedString(start)) ? State.RUNNING : State.DEAD;
    } catch (IOException e) {
      return State.UNKNOWN;
    }
  }

  /** "" when there is no such process. */
  private static String start(int pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
      return fields.length > START ? fields[START] : "";
    } catch (IOException e) {
      return "";
    }
  }
}
