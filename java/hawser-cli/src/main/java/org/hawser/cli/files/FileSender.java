package org.hawser.cli.files;

import static java.nio.file.StandardOpenOption.READ;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.LaneShare;
import org.hawser.cli.common.Links;
import org.hawser.lane.LaneStatistics;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;

/** Sends files over a link, one after the other. One thread at a time. */
public final class FileSender {
  /** No piece takes longer, or something is wrong that the link does not see. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** How long the receiver may write and hash what it has got. */
  private static final Duration FINISH = Duration.ofMinutes(10);

  /** So often the sender looks up whether the receiver has given up. */
  private static final Duration LOOK_UP = Duration.ofMillis(200);

  private final Link link;
  private final Control control;
  private final Progress progress;

  public FileSender(Link link, Control control, Progress progress) {
    this.link = link;
    this.control = control;
    this.progress = progress;
  }

  /**
   * Sends one file, and waits until the receiver has it. The file must not be shortened meanwhile.
   *
   * @param name what the receiver shall call it
   * @throws HawserException when the receiver refuses it or hashed something else, or the link
   *     fails; the link is of no further use then
   */
  public FileResult send(Path file, String name) {
    try (var channel = FileChannel.open(file, READ);
        var arena = Arena.ofShared()) {
      long bytes = channel.size();
      MemorySegment content =
          bytes == 0 ? MemorySegment.NULL : channel.map(MapMode.READ_ONLY, 0, bytes, arena);
      try {
        return send(file, content, Offer.of(name, bytes));
      } catch (RuntimeException e) {
        // Ends the transfers, before the memory goes that they read.
        Links.closeAfter(e, link);
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, "there is no file " + file, e);
    } catch (IOException e) {
      throw new HawserException(ErrorCode.IO, "cannot read %s: %s".formatted(file, e), e);
    }
  }

  private FileResult send(Path file, MemorySegment content, Offer offer) {
    progress.begin(offer.name(), offer.bytes());
    control.send(offer, LIMIT);
    check(control.receive(Verdict.class, LIMIT));
    List<LaneStatistics> before = link.lanes();
    long began = System.nanoTime();
    String sha256 = sendPieces(content, offer);
    double seconds = (System.nanoTime() - began) / 1e9;
    List<LaneShare> lanes = LaneShare.sent(before, link.lanes());
    control.send(new Sent(sha256), LIMIT);
    Verdict verdict = control.receive(Verdict.class, FINISH);
    check(verdict);
    return new FileResult(
        file.toString(),
        offer.bytes(),
        seconds,
        seconds > 0 ? offer.bytes() * 8 / seconds / 1e9 : 0,
        sha256,
        sha256.equals(verdict.sha256()),
        lanes);
  }

  private String sendPieces(MemorySegment content, Offer offer) {
    Deque<Transfer> inFlight = new ArrayDeque<>();
    try (var hash = new PieceHash()) {
      for (long piece = 0; piece < offer.pieces(); piece++) {
        MemorySegment part = content.asSlice(offer.start(piece), offer.length(piece));
        if (inFlight.size() == Offer.WINDOW) {
          await(inFlight.remove());
          progress.reached(offer.start(piece - Offer.WINDOW + 1));
        }
        inFlight.add(link.send(part, Offer.TAG));
        hash.add(part);
      }
      for (Transfer transfer : inFlight) {
        await(transfer);
      }
      progress.reached(offer.bytes());
      return hash.hex();
    }
  }

  /** Waits for a piece, but not for a receiver that has given up. */
  private void await(Transfer piece) {
    long until = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        piece.await(LOOK_UP);
        return;
      } catch (HawserException e) {
        if (control.hasMessage()) {
          check(control.receive(Verdict.class, LIMIT));
        }
        if (e.code() != ErrorCode.TIMEOUT || System.nanoTime() - until > 0) {
          throw e;
        }
      }
    }
  }

  private void check(Verdict verdict) {
    if (verdict.refusal() != null) {
      throw new HawserException(
          ErrorCode.REFUSED, "%s: %s".formatted(link.peer(), verdict.refusal()));
    }
  }
}
