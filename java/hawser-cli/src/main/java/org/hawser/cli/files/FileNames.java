package org.hawser.cli.files;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Which names a sender may give to files in somebody else's folder. */
final class FileNames {
  private FileNames() {}

  /**
   * The file of that name in the folder.
   *
   * @throws HawserException (REFUSED) when the name has a folder of its own, leads out of this one,
   *     or belongs to something that is no plain file
   */
  static Path inside(Path folder, String name) {
    Path path;
    try {
      path = Path.of(name);
    } catch (InvalidPathException e) {
      throw refused(name, "it is no file name");
    }
    if (path.isAbsolute() || path.getNameCount() != 1 || name.contains("/")) {
      throw refused(name, "a name must not lead to another folder");
    }
    if (name.isBlank() || name.equals(".") || name.equals("..")) {
      throw refused(name, "it is no file name");
    }
    Path file = folder.resolve(path);
    boolean there = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    if (there && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw refused(name, "a link, folder or device has that name already");
    }
    return file;
  }

  private static HawserException refused(String name, String why) {
    return new HawserException(
        ErrorCode.REFUSED, "the file name \"%s\" is refused: %s".formatted(name, why));
  }
}
