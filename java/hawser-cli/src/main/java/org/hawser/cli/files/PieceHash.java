package org.hawser.cli.files;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The SHA-256 of pieces in order, on a thread beside the one that moves them. */
final class PieceHash implements AutoCloseable {
  private final MessageDigest digest;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("hawser-hash").factory());
  private CompletableFuture<Void> done = CompletableFuture.completedFuture(null);

  PieceHash() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The piece, of less than 2 GiB, must stay as it is until {@link #hex}. */
  void add(MemorySegment piece) {
    done = done.thenRunAsync(() -> digest.update(piece.asByteBuffer()), thread);
  }

  /** The hash of all pieces; waits for the thread. */
  String hex() {
    try {
      done.join();
    } catch (CompletionException e) {
      // Reading a mapped file that has become shorter is an InternalError.
      throw new IllegalStateException("the file changed while it was read", e.getCause());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Waits until no piece is read any more: its memory may go. */
  @Override
  public void close() {
    thread.close();
  }
}
