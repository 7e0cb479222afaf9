package org.hawser.ffi;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * One search for a native library of this project: the places, in order, and what became of each.
 *
 * <p>Not safe for use by several threads; a search is made, used once and dropped.
 */
final class NativeLibrarySearch {
  /** The library's symbols, valid until the process ends, and the place it came from. */
  record Found(SymbolLookup symbols, String origin) {}

  /** How a search ended: one of the two is null. */
  record Outcome(Found found, HawserException failure) {
    /**
     * The library.
     *
     * @throws HawserException when it could not be loaded: a fresh one, whose stack names this
     *     caller, and whose cause tells the attempts
     */
    Found loaded() {
      if (failure != null) {
        throw failure.again();
      }
      return found;
    }
  }

  private final String file;
  private final String explicitPath;
  private final Function<String, URL> resources;
  private final String libraryPath;
  private final List<String> failures = new ArrayList<>();

  /**
   * @param file the library's name
   * @param explicitPath a file or a folder, null when the user named none
   * @param resources finds a resource of the jar, null when it has none of that name
   * @param libraryPath folders, separated as in {@code java.library.path}
   */
  NativeLibrarySearch(
      String file, String explicitPath, Function<String, URL> resources, String libraryPath) {
    this.file = file;
    this.explicitPath = explicitPath;
    this.resources = resources;
    this.libraryPath = libraryPath;
  }

  /** Searches the places of this process, and throws nothing: a failure is kept. */
  static Outcome search(String file) {
    try {
      return new Outcome(ofThisProcess(file).load(), null);
    } catch (HawserException e) {
      return new Outcome(null, e);
    } catch (RuntimeException | LinkageError e) {
      String text = "loading the native library %s failed: %s".formatted(file, e);
      return new Outcome(null, new HawserException(ErrorCode.INTERNAL, text, e));
    }
  }

  private static NativeLibrarySearch ofThisProcess(String file) {
    return new NativeLibrarySearch(
        file,
        System.getProperty(NativeLibrary.PATH_PROPERTY),
        name -> NativeLibrarySearch.class.getResource("/" + name),
        System.getProperty("java.library.path", ""));
  }

  /**
   * Where the jar holds a library for the machine this runs on; CMake's install names it likewise.
   */
  static String resourceName(String file) {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch");
    return "META-INF/native/%s-%s/%s"
        .formatted(os, machine.equals("amd64") ? "x86_64" : machine, file);
  }

  /**
   * Loads the library from the first place that has one that fits.
   *
   * @throws HawserException (UNSUPPORTED) when no place has; its message tells them all
   */
  Found load() {
    Found found = loadExplicit();
    if (found == null) {
      found = loadFromJar();
    }
    if (found == null) {
      found = loadFromLibraryPath();
    }
    if (found == null) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          "cannot load the native library %s:%n%s%nBuild it with scripts/setup and 'mvn package', or name it: -D%s=FILE"
              .formatted(
                  file,
                  String.join(System.lineSeparator(), failures),
                  NativeLibrary.PATH_PROPERTY));
    }
    return found;
  }

  private Found loadExplicit() {
    String place = "property " + NativeLibrary.PATH_PROPERTY;
    if (explicitPath == null || explicitPath.isBlank()) {
      failed(place, "not set");
      return null;
    }
    return tryPath(place + "=" + explicitPath, explicitPath);
  }

  private Found loadFromLibraryPath() {
    if (libraryPath.isBlank()) {
      failed("java.library.path", "empty");
      return null;
    }
    for (String folder : libraryPath.split(File.pathSeparator)) {
      Found found = folder.isBlank() ? null : tryPath("java.library.path: " + folder, folder);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private Found loadFromJar() {
    String resource = resourceName(file);
    String place = "in the jar: " + resource;
    URL url = resources.apply(resource);
    if (url == null) {
      failed(place, "the jar has no library for this system");
      return null;
    }
    try {
      return loadExtracted(place, url);
    } catch (IOException e) {
      failed(place, "cannot be extracted to a folder under java.io.tmpdir: " + e);
      return null;
    }
  }

  /**
   * Only the owner may enter the folder, so that nobody can exchange the file between writing and
   * loading it. Once loaded, the mapping lives without a name, and nothing is left behind even by a
   * killed process.
   */
  private Found loadExtracted(String place, URL url) throws IOException {
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Path folder = Files.createTempDirectory("hawser-", ownerOnly);
    Path extracted = folder.resolve(file);
    try (InputStream in = url.openStream()) {
      Files.copy(in, extracted);
      SymbolLookup symbols = open(place, extracted);
      return symbols == null ? null : new Found(symbols, url.toString());
    } finally {
      Files.deleteIfExists(extracted);
      Files.delete(folder);
    }
  }

  /** Tries a file, or a folder that may hold one. */
  private Found tryPath(String place, String text) {
    try {
      Path path = Path.of(text);
      Path library = (Files.isDirectory(path) ? path.resolve(file) : path).toAbsolutePath();
      if (!Files.isRegularFile(library)) {
        failed(place, "there is no file " + library);
        return null;
      }
      SymbolLookup symbols = open(place, library);
      return symbols == null ? null : new Found(symbols, library.toString());
    } catch (InvalidPathException e) {
      failed(place, e.getMessage());
      return null;
    }
  }

  @SuppressWarnings("restricted") // this package is the home of native access
  private SymbolLookup open(String place, Path library) {
    try {
      return SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IllegalArgumentException e) {
      failed(place, reasonOfTheLinker(library, e));
      return null;
    }
  }

  /**
   * {@code libraryLookup} does not tell why the dynamic linker refused a file; {@code System.load}
   * does.
   */
  @SuppressWarnings("restricted")
  private static String reasonOfTheLinker(Path library, IllegalArgumentException failure) {
    try {
      System.load(library.toString());
      return failure.getMessage();
    } catch (UnsatisfiedLinkError e) {
      return e.getMessage();
    }
  }

  private void failed(String place, String why) {
    failures.add("  " + place + ": " + why);
  }
}
