package org.hawser.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Control;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both ends notice when what arrived is not what was sent. */
class WrongContentTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final LaneOptions OPTIONS = LaneOptions.defaults().withLanes("lo,lo");

  @TempDir private Path folder;

  private interface End {
    void run(Link link, Control control) throws Exception;
  }

  /** Runs two ends of a link; returns how the second one failed. */
  private static HawserException failureOf(End first, End second) {
    try (var lanes = Lanes.open(OPTIONS);
        var others = Lanes.open(OPTIONS);
        var server = others.listen("127.0.0.1", 0)) {
      var accepted = CompletableFuture.runAsync(() -> end(server.accept(LIMIT), second));
      end(lanes.connect("127.0.0.1", server.port(), LIMIT), first);
      return (HawserException) assertThrows(CompletionException.class, accepted::join).getCause();
    }
  }

  private static void end(Link link, End end) {
    try (link;
        var control = new Control(link)) {
      end.run(link, control);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void receiverKeepsNothingOfAFileWithAnotherHash() {
    var failure =
        failureOf(
            (link, control) -> {
              try (var content = Buffer.allocate(1000)) {
                control.send(Offer.of("file", 1000), LIMIT);
                assertEquals(Verdict.fine(), control.receive(Verdict.class, LIMIT));
                link.send(content.segment(), Offer.TAG).await(LIMIT);
                control.send(new Sent("0".repeat(64)), LIMIT);
                Verdict verdict = control.receive(Verdict.class, LIMIT);
                assertTrue(verdict.refusal().contains("was sent with 0000"), verdict::toString);
              }
            },
            (link, control) -> new FileReceiver(link, control, folder, new Progress()).receive());
    assertEquals(ErrorCode.IO, failure.code());
    assertEquals(0, folder.toFile().list().length);
  }

  @Test
  void receiverRefusesAPieceOfAnotherLength() {
    var failure =
        failureOf(
            (link, control) -> {
              try (var content = Buffer.allocate(999)) {
                control.send(Offer.of("file", 1000), LIMIT);
                control.receive(Verdict.class, LIMIT);
                link.send(content.segment(), Offer.TAG).await(LIMIT);
                Verdict verdict = control.receive(Verdict.class, LIMIT);
                assertTrue(verdict.refusal().contains("999 bytes, not 1000"), verdict::toString);
              }
            },
            (link, control) -> new FileReceiver(link, control, folder, new Progress()).receive());
    assertEquals(ErrorCode.REFUSED, failure.code());
  }

  @Test
  void senderSeesThatTheReceiverHashedSomethingElse() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[1000]);
    var results = new CompletableFuture<FileResult>();
    try (var lanes = Lanes.open(OPTIONS);
        var others = Lanes.open(OPTIONS);
        var server = others.listen("127.0.0.1", 0)) {
      var receiver =
          CompletableFuture.runAsync(
              () ->
                  end(
                      server.accept(LIMIT),
                      (link, control) -> {
                        try (var content = Buffer.allocate(1000)) {
                          control.receive(Offer.class, LIMIT);
                          control.send(Verdict.fine(), LIMIT);
                          link.receive(content.segment(), Offer.TAG).await(LIMIT);
                          control.receive(Sent.class, LIMIT);
                          control.send(new Verdict(null, "f".repeat(64)), LIMIT);
                        }
                      }));
      end(
          lanes.connect("127.0.0.1", server.port(), LIMIT),
          (link, control) ->
              results.complete(new FileSender(link, control, new Progress()).send(file, "file")));
      receiver.join();
    }
    assertEquals(false, results.join().verified());
  }
}
