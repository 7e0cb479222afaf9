package org.hawser.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which names of files are taken from others. */
class FileNamesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"plain", "with space", ".hidden", "...", "a..b", "ü", "-rf", "~", "\\"})
  void plainNamesAreTaken(String name) {
    assertEquals(folder.resolve(name), FileNames.inside(folder, name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", ".", "..", "../x", "/x", "/", "a/../x", "a/b", "./x", "x/", "nul\0"})
  void namesThatLeadElsewhereAreRefused(String name) {
    refused(name);
  }

  @Test
  void whatIsNoPlainFileIsNotReplaced() throws IOException {
    Files.createDirectory(folder.resolve("folder"));
    Files.createSymbolicLink(folder.resolve("dangling"), Path.of("/nonexistent"));
    Files.createSymbolicLink(folder.resolve("up"), folder.getParent());
    refused("folder");
    refused("dangling");
    refused("up");
  }

  private void refused(String name) {
    var failure = assertThrows(HawserException.class, () -> FileNames.inside(folder, name));
    assertEquals(ErrorCode.REFUSED, failure.code());
  }
}
