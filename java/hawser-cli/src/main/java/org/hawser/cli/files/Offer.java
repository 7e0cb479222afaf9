package org.hawser.cli.files;

/**
 * A file that the sender has, told to the receiver, which answers with a {@link Verdict}.
 *
 * @param version of this talk; both ends must have the same
 * @param pieceBytes how the file is cut into messages
 */
record Offer(int version, String name, long bytes, int pieceBytes) {
  static final int VERSION = 1;

  /** The tag of the pieces. */
  static final long TAG = 1;

  /** Pieces under way at a time. */
  static final int WINDOW = 4;

  private static final int PIECE = 16 << 20;
  private static final int LARGEST_PIECE = 1 << 30;

  static Offer of(String name, long bytes) {
    return new Offer(VERSION, name, bytes, PIECE);
  }

  boolean isSane() {
    return bytes >= 0 && pieceBytes > 0 && pieceBytes <= LARGEST_PIECE;
  }

  long pieces() {
    return Math.ceilDiv(bytes, pieceBytes);
  }

  long start(long piece) {
    return piece * pieceBytes;
  }

  long length(long piece) {
    return Math.min(pieceBytes, bytes - start(piece));
  }
}
