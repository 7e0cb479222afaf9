package org.hawser.trust;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.hawser.HawserException;

/** Files that hold a key. */
final class SecretFile {
  private static final Set<PosixFilePermission> OWNER_ALONE =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("------rwx");
  private static final Set<PosixFilePermission> GROUP_AND_OTHERS =
      PosixFilePermissions.fromString("---rwxrwx");

  private SecretFile() {}

  /** Makes a file that nobody but its owner could read at any time. */
  static void write(Path file, String text) throws IOException {
    var options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    var mode = PosixFilePermissions.asFileAttribute(OWNER_ALONE);
    try (var channel = Files.newByteChannel(file, options, mode)) {
      channel.write(StandardCharsets.US_ASCII.encode(text));
    }
  }

  /**
   * Reads a file with a secret, which must be closed to others, and to the group where this user is
   * its owner: who hands it out to a group of readers may be somebody else.
   *
   * @param role what the file is for, in messages
   * @throws HawserException (INVALID_ARGUMENT) when it is open, or cannot be read
   */
  static String read(String role, Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      boolean isMine = Files.getOwner(file).getName().equals(System.getProperty("user.name"));
      if (mode.stream().anyMatch(isMine ? GROUP_AND_OTHERS::contains : OTHERS::contains)) {
        throw Pem.unusable(
            role, file, "others may read or change it: chmod 600 makes it its owner's alone", null);
      }
      return Pem.read(role, file);
    } catch (IOException e) {
      return Pem.read(role, file); // Which says what is wrong with it.
    }
  }
}
