package org.hawser.http;

import java.util.Optional;

/** Who says that it speaks, and whether it may. */
final class SenderRank {
  private static final int MAX_DIGITS = 9;

  private SenderRank() {}

  /** The answer that refuses a request for what its head says of its sender; empty: it is good. */
  static Optional<HttpAnswer> refusal(Head head, HttpCommunicator communicator) {
    String text = head.headers().get(Wire.FROM_RANK);
    if (!isNumber(text)) {
      return Optional.of(
          HttpAnswer.error(400, "Missing or invalid %s header".formatted(Wire.FROM_RANK)));
    }
    return refusal(Integer.parseInt(text), head, communicator);
  }

  /** As above, for a rank that the body says. */
  static Optional<HttpAnswer> refusal(int rank, Head head, HttpCommunicator communicator) {
    int size = communicator.worldSize();
    if (rank < 0 || rank >= size || rank == communicator.rank()) {
      return Optional.of(
          HttpAnswer.error(
              400,
              "rank %d: there is no rank %d to send here; ranks are 0 to %d"
                  .formatted(communicator.rank(), rank, size - 1)));
    }
    return communicator
        .refusal(rank, head.peerNames())
        .map(why -> HttpAnswer.error(403, "rank %d: %s".formatted(communicator.rank(), why)));
  }

  private static boolean isNumber(String text) {
    int digits = text == null ? 0 : text.length();
    for (int i = 0; i < digits; i++) {
      boolean isDigit = text.charAt(i) >= '0' && text.charAt(i) <= '9';
      if (!isDigit && !(i == 0 && text.charAt(i) == '-' && digits > 1)) {
        return false;
      }
    }
    return digits > 0 && digits <= MAX_DIGITS;
  }

  /** The rank of a head that was not refused. */
  static int of(Head head) {
    return Integer.parseInt(head.headers().get(Wire.FROM_RANK));
  }
}
