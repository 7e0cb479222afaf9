package org.hawser.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hawser.HawserException;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.Lanes;

/** Lanes over loopback whose network injects the faults of one end. */
final class FaultyLanes implements AutoCloseable {
  private static final Duration SILENCE = Duration.ofMillis(150);
  private static final Duration LINK_TIMEOUT = Duration.ofSeconds(10);

  private final Lanes lanes;
  private final Path log;
  private final int planned;

  private FaultyLanes(Lanes lanes, Path log, int planned) {
    this.lanes = lanes;
    this.log = log;
    this.planned = planned;
  }

  static FaultyLanes open(List<Fault> faults, int end, int rank, Path folder) throws IOException {
    List<String> mine =
        faults.stream().filter(fault -> fault.end() == end).map(Fault::toPlanLine).toList();
    Path plan = Files.write(folder.resolve("plan-" + end), mine);
    Path log = Files.createFile(folder.resolve("log-" + end));
    LaneOptions options =
        options(rank).withNet("fault:plan=%s,log=%s,net=socket".formatted(plan, log));
    return new FaultyLanes(Lanes.open(options), log, mine.size());
  }

  /** What all lanes of the rig have in common. */
  static LaneOptions options(int rank) {
    return LaneOptions.defaults()
        .withLanes("=lo,lo,lo,lo")
        .withChunkBytes(64 << 10)
        .withEagerBytes(32 << 10)
        .withSilence(SILENCE)
        .withLinkTimeout(LINK_TIMEOUT)
        .withRank(rank);
  }

  Lanes lanes() {
    return lanes;
  }

  /** How many faults have happened so far. */
  int injected() {
    try (var lines = Files.lines(log)) {
      return (int) lines.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isDone() {
    return injected() >= planned;
  }

  @Override
  public void close() {
    try {
      lanes.close();
    } catch (HawserException e) {
      // The peer may have closed its end before it had acknowledged all.
    }
  }
}
