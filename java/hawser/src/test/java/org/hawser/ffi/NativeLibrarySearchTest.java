package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads the library that this build made from each of the places, and breaks them one by one. */
class NativeLibrarySearchTest {
  private static final String FILE = NativeLibrary.FILE;
  private static final Function<String, URL> EMPTY_JAR = name -> null;
  private static final Function<String, URL> THIS_BUILD =
      name -> NativeLibrary.class.getResource("/" + name);

  @TempDir Path folder;
  private Path library;

  @BeforeEach
  void copyTheLibrary() throws IOException {
    library = folder.resolve("libhawser.so");
    try (InputStream in = THIS_BUILD.apply(NativeLibrarySearch.resourceName(FILE)).openStream()) {
      Files.copy(in, library);
    }
  }

  @Test
  void theExplicitPathMayBeTheFileOrItsFolder() {
    for (Path path : List.of(library, folder)) {
      assertLoads(
          new NativeLibrarySearch(FILE, path.toString(), EMPTY_JAR, ""), library.toString());
    }
  }

  @Test
  void theExplicitPathComesBeforeTheJar() {
    assertLoads(
        new NativeLibrarySearch(FILE, library.toString(), THIS_BUILD, ""), library.toString());
  }

  @Test
  void theJarComesBeforeTheLibraryPathAndLeavesNothingBehind() throws IOException {
    Set<Path> before = extractionFolders();
    assertLoads(
        new NativeLibrarySearch(FILE, null, THIS_BUILD, folder.toString()),
        THIS_BUILD.apply(NativeLibrarySearch.resourceName(FILE)).toString());
    assertEquals(before, extractionFolders());
  }

  @Test
  void theLibraryPathIsTriedFolderByFolder() {
    String path = folder.resolve("absent") + File.pathSeparator + folder;
    assertLoads(new NativeLibrarySearch(FILE, null, EMPTY_JAR, path), library.toString());
  }

  @Test
  void everyAttemptIsReportedWhenAllFail() throws IOException {
    Path absent = folder.resolve("absent");
    Path garbage = Files.createDirectory(folder.resolve("garbage"));
    Files.writeString(
        garbage.resolve("libhawser.so"), "no ELF file, but long enough for a header".repeat(9));
    URL garbageInJar = garbage.resolve("libhawser.so").toUri().toURL();

    String message =
        failure(
            new NativeLibrarySearch(FILE, absent.toString(), name -> garbageInJar, garbage + "::"));

    assertTrue(message.contains("hawser.library.path=" + absent + ": there is no file"), message);
    assertTrue(message.contains("in the jar: META-INF/native/linux-"), message);
    assertTrue(message.contains("java.library.path: " + garbage), message);
    assertEquals(3, message.split("invalid ELF header", -1).length, message);
  }

  @Test
  void placesThatAreNotSetAreReportedToo() {
    String message = failure(new NativeLibrarySearch(FILE, null, EMPTY_JAR, ""));
    assertTrue(message.contains("property hawser.library.path: not set"), message);
    assertTrue(message.contains("the jar has no library for this system"), message);
    assertTrue(message.contains("java.library.path: empty"), message);
  }

  @Test
  void anUnreadableJarEntryIsOneMoreFailedAttempt() throws MalformedURLException {
    URL gone = folder.resolve("gone.so").toUri().toURL();
    String message = failure(new NativeLibrarySearch(FILE, null, name -> gone, ""));
    assertTrue(message.contains("cannot be extracted"), message);
  }

  @Test
  void theLibraryOfThisProcessIsLoaded() {
    assertTrue(NativeLibrary.isAvailable(), () -> NativeLibrary.unavailabilityCause().toString());
    assertFalse(NativeLibrary.origin().isEmpty());
    assertTrue(NativeLibrary.find("hawser_abi_version").address() != 0);
    var missing =
        assertThrows(HawserException.class, () -> NativeLibrary.find("hawser_no_such_function"));
    assertEquals(ErrorCode.VERSION_MISMATCH, missing.code());
    assertTrue(missing.getMessage().contains(NativeLibrary.origin()), missing.getMessage());
  }

  private static void assertLoads(NativeLibrarySearch search, String origin) {
    NativeLibrarySearch.Found found = search.load();
    assertEquals(origin, found.origin());
    assertTrue(found.symbols().find("hawser_abi_version").isPresent());
  }

  private static String failure(NativeLibrarySearch search) {
    var failure = assertThrows(HawserException.class, search::load);
    assertEquals(ErrorCode.UNSUPPORTED, failure.code());
    return failure.getMessage();
  }

  private static Set<Path> extractionFolders() throws IOException {
    try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(path -> path.getFileName().toString().matches("hawser-\\d+"))
          .collect(Collectors.toSet());
    }
  }
}
