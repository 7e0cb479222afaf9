package org.hawser.cli.stat;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeStat;

/** The files of this user's processes. */
final class Processes {
  private static final int MOST_FILES = 4096;

  private Processes() {}

  /** Those that can be read; what else lies in the folders is passed over. */
  static List<ProcessStat> all() {
    List<ProcessStat> found = new ArrayList<>();
    for (Path folder : NativeStat.folders()) {
      for (Path file : files(folder)) {
        try {
          found.add(StatFile.read(file));
        } catch (HawserException e) {
          // Of another release, or gone since.
        }
      }
    }
    found.sort(Comparator.comparing(ProcessStat::hasDied).thenComparing(ProcessStat::opened));
    return found;
  }

  /**
   * A process by its number, or a file.
   *
   * @param all as {@link #all} has found them
   * @throws HawserException (IO) when there is no such
   */
  static ProcessStat named(String target, List<ProcessStat> all) {
    if (!target.matches("\\d{1,9}")) {
      return StatFile.read(Path.of(target));
    }
    int pid = Integer.parseInt(target);
    // Of the dead there may be several: a number is used again.
    return all.stream()
        .filter(process -> process.pid() == pid)
        .min(Comparator.comparing(ProcessStat::hasDied))
        .orElseThrow(
            () ->
                new HawserException(
                    ErrorCode.IO,
                    "process %d has no file in %s: it has no links and no ports, has ended in order, or was started with another HAWSER_STAT_DIR"
                        .formatted(pid, NativeStat.folders())));
  }

  private static List<Path> files(Path folder) {
    List<Path> files = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(folder, "*.hawser")) {
      for (Path entry : entries) {
        if (files.size() == MOST_FILES) {
          break;
        }
        files.add(entry);
      }
    } catch (NoSuchFileException e) {
      // Nobody has made it yet.
    } catch (IOException | DirectoryIteratorException e) {
      throw new HawserException(ErrorCode.IO, "%s cannot be read: %s".formatted(folder, e), e);
    }
    return files;
  }
}
