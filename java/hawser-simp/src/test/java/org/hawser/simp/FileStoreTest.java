package org.hawser.simp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FileStoreTest {
  private static final Tensor TENSOR = Tensor.of(new float[1000], 10, 100);

  @TempDir private Path folder;

  @Test
  void savedValuesOutliveTheStore() {
    List<Object> value = Arrays.asList(1L, "two", null, TENSOR);
    try (FileStore store = FileStore.open(folder)) {
      assertEquals("fs://a/b.c_d-1", store.save("a/b.c_d-1", value));
      assertEquals("fs://a", store.save("fs://a", "beside a folder of that name"));
      String passing = store.put(TENSOR);
      assertEquals(TENSOR, store.get(passing));
      assertEquals(3, store.uris().size());
    }
    try (FileStore store = FileStore.open(folder)) {
      assertEquals(value, store.get("fs://a/b.c_d-1"));
      assertEquals("beside a folder of that name", store.get("a"));
      assertEquals(List.of("fs://a", "fs://a/b.c_d-1"), store.uris().stream().sorted().toList());
      store.remove("fs://a");
      store.remove("fs://a");
      assertFails(ErrorCode.INVALID_ARGUMENT, "nothing under fs://a", () -> store.get("fs://a"));
    }
  }

  @Test
  void theLastValueOfANameIsKept() {
    try (FileStore store = FileStore.open(folder)) {
      store.save("x", 1L);
      store.save("x", TENSOR);
      store.save("x", null);
      assertEquals(null, store.get("x"));
      assertEquals(List.of("fs://x"), store.uris());
    }
  }

  @Test
  void namesNeverLeaveTheFolder() {
    try (FileStore store = FileStore.open(folder.resolve("inner"))) {
      for (String name :
          List.of(
              "../x",
              "fs://../x",
              "a/../../x",
              "/etc/passwd",
              "fs:///x",
              "a//b",
              "",
              ".",
              "a/.",
              ".hidden",
              "a\\b",
              "a\0b",
              "http://x",
              "mem:/x",
              "x".repeat(201),
              "ä")) {
        assertFails(ErrorCode.INVALID_ARGUMENT, "name", () -> store.save(name, 1L));
        assertFails(ErrorCode.INVALID_ARGUMENT, "name", () -> store.get(name));
      }
      assertEquals(List.of(), store.uris());
    }
    assertEquals(List.of("inner"), names(folder));
  }

  @Test
  void damagedFilesAreErrors() throws IOException {
    try (FileStore store = FileStore.open(folder)) {
      store.save("x", TENSOR);
      Path file = folder.resolve("x.value");
      byte[] whole = Files.readAllBytes(file);
      for (int length : new int[] {0, 7, 23, 24, whole.length - 1}) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertFails(ErrorCode.IO, "damaged", () -> store.get("x"));
      }
      for (int at : new int[] {0, 8, 20, 24, 100, whole.length - 1}) {
        byte[] changed = whole.clone();
        changed[at] ^= 1;
        Files.write(file, changed);
        assertFails(ErrorCode.IO, "damaged", () -> store.get("x"));
      }
      Files.write(file, whole);
      assertEquals(TENSOR, store.get("x"));
    }
  }

  @Test
  void aSaveThatFailsLeavesWhatWasThere() throws IOException {
    try (FileStore store = FileStore.open(folder)) {
      store.save("x", 1L);
      assertThrows(HawserException.class, () -> store.save("x", new Object()));
      // A folder in the place of a file: it can be neither replaced nor read.
      Files.createDirectories(folder.resolve("y.value/inner"));
      assertFails(ErrorCode.IO, "cannot be saved", () -> store.save("y", 1L));
      assertFails(ErrorCode.IO, "cannot be read", () -> store.get("y"));
      assertEquals(1L, store.get("x"));
    }
    assertEquals(List.of("x.value", "y.value"), names(folder));
  }

  @Test
  void whatAKilledProcessLeftIsRemoved() throws IOException {
    Files.createDirectories(folder.resolve("a"));
    Path left = Files.writeString(folder.resolve("a/.new-123"), "half a value");
    try (FileStore store = FileStore.open(folder)) {
      assertFalse(Files.exists(left));
      assertEquals(List.of(), store.uris());
    }
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertFails(ErrorCode code, String part, Executable action) {
    HawserException failure = assertThrows(HawserException.class, action);
    assertEquals(code, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
