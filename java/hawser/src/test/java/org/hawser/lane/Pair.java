package org.hawser.lane;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.hawser.base.Words;
import org.hawser.mem.Buffer;

/** Two parties in one JVM, joined by a link of four lanes over loopback. */
final class Pair implements AutoCloseable {
  static final Duration SOON = Duration.ofSeconds(20);

  /** Four lanes that never leave this machine. */
  static final LaneOptions OPTIONS = LaneOptions.defaults().withLanes("=lo,lo,lo,lo");

  final Lanes left;
  final Lanes right;
  final LaneServer server;
  final Link toRight;
  final Link toLeft;

  Pair() {
    this(OPTIONS);
  }

  Pair(LaneOptions options) {
    left = Lanes.open(options.withRank(0));
    right = Lanes.open(options.withRank(1));
    server = right.listen("127.0.0.1", 0);
    var accepted = CompletableFuture.supplyAsync(() -> server.accept(SOON));
    toRight = left.connect("127.0.0.1", server.port(), SOON);
    toLeft = accepted.join();
  }

  /** A buffer whose every 8 bytes differ with the seed. */
  static Buffer pattern(long bytes, long seed) {
    Buffer buffer = Buffer.allocate(bytes);
    fill(buffer, seed);
    return buffer;
  }

  static void fill(Buffer buffer, long seed) {
    var segment = buffer.segment();
    for (long at = 0; at + 8 <= buffer.bytes(); at += 8) {
      Words.setPlain(segment, at, (at + seed) * 0x9E3779B97F4A7C15L);
    }
  }

  @Override
  public void close() {
    try (right;
        left) {
      server.close();
    }
  }
}
