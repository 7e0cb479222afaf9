package org.hawser.cli.files;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.LaneShare;
import org.hawser.cli.common.Links;
import org.hawser.lane.LaneStatistics;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;

/** Receives into a folder what a {@link FileSender} sends. One thread at a time. */
public final class FileReceiver {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Link link;
  private final Control control;
  private final Path folder;
  private final Progress progress;

  public FileReceiver(Link link, Control control, Path folder, Progress progress) {
    this.link = link;
    this.control = control;
    this.folder = folder;
    this.progress = progress;
  }

  /**
   * Receives the next file.
   *
   * @return empty when the sender has closed the link instead
   * @throws HawserException when the file is refused or is not what was sent, the disk is full, or
   *     the link fails; the sender is told, and the link of no further use
   */
  public Optional<FileResult> receive() {
    return control.receiveUnlessClosed(Offer.class, LIMIT).map(this::take);
  }

  private FileResult take(Offer offer) {
    try (var file = open(offer)) {
      try {
        return receive(offer, file);
      } catch (IOException | RuntimeException e) {
        HawserException failure = told(offer, e);
        // Ends the transfers, before the memory goes that they write.
        Links.closeAfter(failure, link);
        throw failure;
      }
    } catch (IOException e) {
      throw failure(offer, e);
    }
  }

  private PartialFile open(Offer offer) {
    try {
      if (offer.version() != Offer.VERSION || !offer.isSane()) {
        throw new HawserException(
            ErrorCode.REFUSED,
            "the sender speaks version %d of send, this receiver %d: install one release on both ends"
                .formatted(offer.version(), Offer.VERSION));
      }
      return PartialFile.create(folder, offer.name(), offer.bytes());
    } catch (IOException | RuntimeException e) {
      throw told(offer, e);
    }
  }

  private FileResult receive(Offer offer, PartialFile file) throws IOException {
    progress.begin(offer.name(), offer.bytes());
    control.send(Verdict.fine(), LIMIT);
    List<LaneStatistics> before = link.lanes();
    long began = System.nanoTime();
    String sha256 = receivePieces(offer, file);
    double seconds = (System.nanoTime() - began) / 1e9;
    Sent sent = control.receive(Sent.class, LIMIT);
    if (!sha256.equals(sent.sha256())) {
      throw new HawserException(
          ErrorCode.IO,
          "%s arrived with the SHA-256 %s, but was sent with %s: send it again"
              .formatted(offer.name(), sha256, sent.sha256()));
    }
    Path kept = file.keep();
    control.send(new Verdict(null, sha256), LIMIT);
    return new FileResult(
        kept.toString(),
        offer.bytes(),
        seconds,
        seconds > 0 ? offer.bytes() * 8 / seconds / 1e9 : 0,
        sha256,
        true,
        LaneShare.received(before, link.lanes()));
  }

  private String receivePieces(Offer offer, PartialFile file) {
    var posted = new Transfer[Offer.WINDOW];
    long ahead = 0;
    try (var hash = new PieceHash()) {
      for (long piece = 0; piece < offer.pieces(); piece++) {
        for (; ahead < Math.min(offer.pieces(), piece + Offer.WINDOW); ahead++) {
          file.allocate(offer.start(ahead), offer.length(ahead));
          posted[(int) (ahead % Offer.WINDOW)] = link.receive(part(offer, file, ahead), Offer.TAG);
        }
        long length = posted[(int) (piece % Offer.WINDOW)].await(LIMIT);
        if (length != offer.length(piece)) {
          throw new HawserException(
              ErrorCode.REFUSED,
              "piece %d of %s has %d bytes, not %d"
                  .formatted(piece, offer.name(), length, offer.length(piece)));
        }
        hash.add(part(offer, file, piece));
        progress.reached(offer.start(piece) + length);
      }
      return hash.hex();
    }
  }

  private static MemorySegment part(Offer offer, PartialFile file, long piece) {
    return file.memory().asSlice(offer.start(piece), offer.length(piece));
  }

  /** Tells the sender why it fails, as far as the link still carries it. */
  private HawserException told(Offer offer, Exception reason) {
    HawserException failure = failure(offer, reason);
    try {
      control.send(Verdict.refused(failure.getMessage()), LIMIT);
    } catch (HawserException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  private static HawserException failure(Offer offer, Exception reason) {
    return reason instanceof HawserException known
        ? known
        : new HawserException(
            ErrorCode.IO, "cannot write %s: %s".formatted(offer.name(), reason), reason);
  }
}
