package org.hawser.cli.files;

import static org.hawser.cli.Cli.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.hawser.cli.Cli;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hawser send} and {@code hawser receive} as real processes over loopback. */
class FilesTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private Path inbox;

  @BeforeEach
  void makeInbox() throws IOException {
    inbox = Files.createDirectory(folder.resolve("inbox"));
  }

  private Path file(String name, int bytes) throws IOException {
    var content = new byte[bytes];
    new Random(bytes).nextBytes(content);
    return Files.write(folder.resolve(name), content);
  }

  private record Ends(Cli.Outcome sender, Cli.Outcome receiver) {}

  private Ends exchange(Path into, String... arguments) throws Exception {
    try (var receiver =
        Cli.start(
            LOOPBACK,
            "receive",
            "--once",
            "--json",
            "--bind",
            "127.0.0.1",
            "--port",
            "0",
            "--dir",
            into.toString())) {
      var command = new ArrayList<>(List.of("send", "--json"));
      command.addAll(List.of(arguments));
      command.add("127.0.0.1:" + receiver.port());
      var sender = Cli.run(LOOPBACK, LIMIT, command.toArray(String[]::new));
      return new Ends(sender, receiver.await(LIMIT));
    }
  }

  private List<Path> received() throws IOException {
    try (var found = Files.list(inbox)) {
      return found.toList();
    }
  }

  @Test
  void severalFilesArriveAndBothEndsAgree() throws Exception {
    // One piece, none, several with a rest, and exactly two.
    List<Path> files =
        List.of(
            file("small", 1),
            file("empty", 0),
            file("odd name, ü.bin", (40 << 20) + 12345),
            file("even", 32 << 20));
    var ends = exchange(inbox, files.stream().map(Path::toString).toArray(String[]::new));
    assertEquals(0, ends.sender().exit(), ends::toString);
    assertEquals(0, ends.receiver().exit(), ends::toString);
    assertEquals(files.size(), received().size());
    List<JsonNode> sent = ends.sender().json();
    List<JsonNode> taken = ends.receiver().json().subList(1, files.size() + 1);
    for (int i = 0; i < files.size(); i++) {
      Path arrived = inbox.resolve(files.get(i).getFileName());
      assertEquals(-1, Files.mismatch(files.get(i), arrived), arrived::toString);
      assertTrue(
          sent.get(i).get("verified").asBoolean() && taken.get(i).get("verified").asBoolean());
      assertEquals(sent.get(i).get("sha256"), taken.get(i).get("sha256"));
      assertEquals(Files.size(arrived), sent.get(i).get("bytes").asLong());
    }
  }

  @Test
  void fileOfThatNameIsReplaced() throws Exception {
    Path file = file("again", 5000);
    Files.writeString(inbox.resolve("again"), "what was there before");
    assertEquals(0, exchange(inbox, file.toString()).sender().exit());
    assertEquals(-1, Files.mismatch(file, inbox.resolve("again")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../escaped", "link"})
  void namesThatLeadElsewhereAreRefused(String name) throws Exception {
    Path outside = Files.writeString(folder.resolve("outside"), "untouched");
    Files.createSymbolicLink(inbox.resolve("link"), outside);
    var ends = exchange(inbox, file("file", 100).toString(), "--as", name);
    assertEquals(1, ends.sender().exit(), ends::toString);
    assertEquals(1, ends.receiver().exit(), ends::toString);
    assertTrue(ends.sender().err().contains("is refused"), ends::toString);
    assertTrue(ends.receiver().err().contains("is refused"), ends::toString);
    assertEquals("untouched", Files.readString(outside));
    assertFalse(Files.exists(folder.resolve("escaped")));
    assertEquals(List.of(inbox.resolve("link")), received());
  }

  @Test
  void fullDiskIsToldOnBothEnds() throws Exception {
    try (var disk = SmallDisk.mount(folder.resolve("disk"), "8m")) {
      assumeTrue(disk.isMounted(), "skipped: a small disk takes root and tmpfs");
      var ends = exchange(disk.path(), file("large", 20 << 20).toString());
      assertEquals(1, ends.sender().exit(), ends::toString);
      assertEquals(1, ends.receiver().exit(), ends::toString);
      assertTrue(ends.sender().err().contains("no room for large"), ends::toString);
      assertTrue(ends.receiver().err().contains("no room for large"), ends::toString);
      try (var left = Files.list(disk.path())) {
        assertEquals(0, left.count());
      }
    }
  }

  @Test
  void diskThatFillsUpMeanwhileIsToldOnBothEnds() throws Exception {
    try (var disk = SmallDisk.mount(folder.resolve("disk"), "100m")) {
      assumeTrue(disk.isMounted(), "skipped: a small disk takes root and tmpfs");
      Path sparse = folder.resolve("stream");
      try (var out = new RandomAccessFile(sparse.toFile(), "rw")) {
        out.setLength(90 << 20);
      }
      // Room for all of it when it is offered, and none any more soon after.
      var filled = CompletableFuture.supplyAsync(() -> fillOnceBegun(disk.path()));
      var ends = exchange(disk.path(), sparse.toString());
      assertTrue(filled.join());
      assertEquals(1, ends.sender().exit(), ends::toString);
      assertEquals(1, ends.receiver().exit(), ends::toString);
      assertTrue(ends.sender().err().contains("no room for stream"), ends::toString);
      assertTrue(ends.receiver().err().contains("no room for stream"), ends::toString);
    }
  }

  /** Fills the disk as soon as the receiver has begun a file there; whether that happened. */
  private static boolean fillOnceBegun(Path disk) {
    long until = System.nanoTime() + LIMIT.toNanos();
    try {
      while (System.nanoTime() - until < 0) {
        try (var found = Files.list(disk)) {
          if (found.findAny().isPresent()) {
            Files.write(disk.resolve("filler"), new byte[60 << 20]);
            return true;
          }
        }
      }
      return false;
    } catch (IOException e) {
      return true; // It is full now, which is the point.
    }
  }
}
