package org.hawser.simp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.serde.Serde;

/**
 * Keeps results in memory, and under a directory what programs save: each value a file, which is
 * there as a whole or not at all, whatever happens meanwhile.
 */
public final class FileStore implements ObjectStore {
  private static final String SCHEME = "fs://";
  private static final String SUFFIX = ".value";
  private static final String UNFINISHED = ".new-";
  private static final int LONGEST_PART = 200;
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]*");

  private final MemoryStore memory = new MemoryStore();
  private final Path root;

  private FileStore(Path root) {
    this.root = root;
  }

  /**
   * A store on disk, with what it had when it was closed, or its process killed.
   *
   * @param root made when it is missing; no other store's while this one is open
   */
  public static FileStore open(Path root) {
    Path absolute = root.toAbsolutePath().normalize();
    try {
      Files.createDirectories(absolute);
      for (Path file : files(absolute)) {
        if (file.getFileName().toString().startsWith(UNFINISHED)) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw failed("the store cannot be opened", e);
    }
    return new FileStore(absolute);
  }

  @Override
  public String put(Object value) {
    return memory.put(value);
  }

  @Override
  public String save(String name, Object value) {
    Path file = file(name);
    Path unfinished = null;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment container = Serde.dumpsBinary(value, arena);
      Files.createDirectories(file.getParent());
      unfinished = Files.createTempFile(file.getParent(), UNFINISHED, "");
      StoredValue.write(unfinished, container);
      Files.move(
          unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      persist(file.getParent());
    } catch (IOException e) {
      throw failed("the value %s cannot be saved".formatted(name), e);
    } finally {
      deleteQuietly(unfinished);
    }
    return SCHEME + bare(name);
  }

  @Override
  public Object get(String uri) {
    if (uri.startsWith(MemoryStore.SCHEME)) {
      return memory.get(uri);
    }
    Path file = file(uri);
    try (Arena arena = Arena.ofConfined()) {
      return Serde.loadsBinary(StoredValue.read(file, arena));
    } catch (NoSuchFileException e) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "there is nothing under %s here".formatted(uri), e);
    } catch (IOException e) {
      throw failed("the value %s cannot be read".formatted(uri), e);
    }
  }

  @Override
  public void remove(String uri) {
    if (uri.startsWith(MemoryStore.SCHEME)) {
      memory.remove(uri);
      return;
    }
    try {
      Files.deleteIfExists(file(uri));
    } catch (IOException e) {
      throw failed("the value %s cannot be removed".formatted(uri), e);
    }
  }

  @Override
  public List<String> uris() {
    List<String> uris = new ArrayList<>(memory.uris());
    try {
      for (Path file : files(root)) {
        String name = root.relativize(file).toString();
        if (name.endsWith(SUFFIX)) {
          uris.add(SCHEME + name.substring(0, name.length() - SUFFIX.length()));
        }
      }
    } catch (IOException e) {
      throw failed("the store cannot be read", e);
    }
    return uris;
  }

  @Override
  public void close() {
    memory.close();
  }

  /** Where a value lies: below the root, whatever its name says. */
  private Path file(String name) {
    String bare = bare(name);
    for (String part : bare.split("/", -1)) {
      if (part.length() > LONGEST_PART || !PART.matcher(part).matches()) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT,
            "nothing is kept under %s: a name is made of letters, digits, '.', '_' and '-', in"
                    .formatted(name)
                + " parts that are separated by '/' and do not begin with '.'");
      }
    }
    return root.resolve(bare + SUFFIX);
  }

  private static String bare(String name) {
    return name.startsWith(SCHEME) ? name.substring(SCHEME.length()) : name;
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** A file's new name is on disk only when its directory is. */
  private static void persist(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException _) {
      // It is removed when the store is opened next.
    }
  }

  private static HawserException failed(String what, IOException cause) {
    return new HawserException(ErrorCode.IO, "%s: %s".formatted(what, cause.getMessage()), cause);
  }
}
