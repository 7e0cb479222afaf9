package org.hawser.launch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What the ranks and rank 0 say to each other, in {@link java.io.DataOutputStream}'s encoding.
 *
 * <p>A rank begins with MAGIC, the token, its rank and the job's size, and is answered; then it
 * sends one request at a time. An answer is a status byte, followed by the value of a GET (its
 * length first), or by a text where the status is not OK. A connection that does not present the
 * token gets no answer at all.
 */
final class RendezvousProtocol {
  static final int MAGIC = 0x48575231;
  static final int TOKEN_BYTES = 32;

  /** Followed by the number of pairs, and for each its key and its value, length first. */
  static final byte COMMIT = 1;

  /** Followed by the time limit in milliseconds. */
  static final byte FENCE = 2;

  /** Followed by the rank, the key and the time limit in milliseconds. */
  static final byte GET = 3;

  static final byte LEAVE = 4;

  /** How many values a rank may commit in all. */
  static final int MAX_PAIRS = 1024;

  private static final ErrorCode[] STATUSES = {
    ErrorCode.OK, ErrorCode.TIMEOUT, ErrorCode.LINK_FAILED, ErrorCode.REFUSED
  };

  private RendezvousProtocol() {}

  static byte status(ErrorCode code) {
    for (byte status = 0; status < STATUSES.length; status++) {
      if (STATUSES[status] == code) {
        return status;
      }
    }
    throw new IllegalArgumentException(code.toString());
  }

  static ErrorCode code(byte status) {
    return status >= 0 && status < STATUSES.length ? STATUSES[status] : ErrorCode.INTERNAL;
  }

  /**
   * What all ranks of one job know and others hardly do: it keeps another job, or a port scanner,
   * out. It is as secret as the launcher's variables are; where the network is hostile, PMIx
   * authenticates.
   */
  static byte[] token(Member member, String secret) {
    try {
      var text = String.join("\n", "hawser", member.launcher(), member.jobId(), secret);
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new HawserException(ErrorCode.INTERNAL, "every JDK has SHA-256, this one has not", e);
    }
  }
}
