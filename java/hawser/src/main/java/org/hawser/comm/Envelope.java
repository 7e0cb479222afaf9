package org.hawser.comm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What {@link LaneCommunicator}s say to each other over a link, little endian, under the tag {@link
 * #INBOX}; {@code cpp/spu/yacl} speaks it too.
 *
 * <pre>
 * u8 version | u8 kind | u16 key bytes | u32 0 | u64 payload bytes | u64 sequence
 * key, and zeros up to a multiple of 8
 * the payload, in an envelope of the kind WHOLE
 * </pre>
 *
 * <p>The payload of an ANNOUNCED message is a transfer of its own under the tag {@code INBOX |
 * sequence}; sequences count from 1, for each link and direction. An ABORT has no key, and a reason
 * as payload.
 */
final class Envelope {
  /** The tag of envelopes. Tags from it on are the communicators'; the others are free. */
  static final long INBOX = Long.MIN_VALUE;

  /** The longest envelope: as long as a message may be that lanes send without asking. */
  static final int MAX_BYTES = 64 << 10;

  static final int WHOLE = 0;
  static final int ANNOUNCED = 1;
  static final int ABORT = 2;

  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 24;
  private static final long KIND_AT = 1;
  private static final long KEY_BYTES_AT = 2;
  private static final long PAYLOAD_BYTES_AT = 8;
  private static final long SEQUENCE_AT = 16;

  private static final ValueLayout.OfShort U16 =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Envelope() {}

  /** Where the payload begins behind a key of so many bytes. */
  static long payloadAt(int keyBytes) {
    return HEADER_BYTES + (keyBytes + 7L & ~7L);
  }

  /** Whether a message travels whole. */
  static boolean isWhole(int keyBytes, long payloadBytes) {
    return payloadBytes <= MAX_BYTES - payloadAt(keyBytes);
  }

  /** Writes all but the payload. */
  static void write(MemorySegment to, int kind, Key key, long payloadBytes, long sequence) {
    long payloadAt = payloadAt(key.length());
    // The header's zeros and the padding: the last word before the payload holds the latter.
    to.set(U64, 0, 0);
    to.set(U64, payloadAt - Long.BYTES, 0);
    to.set(JAVA_BYTE, 0, (byte) VERSION);
    to.set(JAVA_BYTE, KIND_AT, (byte) kind);
    to.set(U16, KEY_BYTES_AT, (short) key.length());
    to.set(U64, PAYLOAD_BYTES_AT, payloadBytes);
    to.set(U64, SEQUENCE_AT, sequence);
    key.write(to.address() + HEADER_BYTES);
  }

  /**
   * Sees to it that an envelope is sound, before anything of it is used.
   *
   * @param received the envelope's bytes
   * @throws HawserException VERSION_MISMATCH, or REFUSED for one that contradicts itself
   */
  static void check(MemorySegment envelope, long received) {
    if (received < HEADER_BYTES) {
      throw refused("has %d bytes; the shortest has %d".formatted(received, HEADER_BYTES));
    }
    int version = Byte.toUnsignedInt(envelope.get(JAVA_BYTE, 0));
    if (version != VERSION) {
      throw new HawserException(
          ErrorCode.VERSION_MISMATCH,
          "the envelope is of version %d, this party speaks %d: install the same Hawser on both"
              .formatted(version, VERSION));
    }
    int keyBytes = keyBytes(envelope);
    long payloadBytes = payloadBytes(envelope);
    boolean announced = kind(envelope) == ANNOUNCED;
    if (kind(envelope) > ABORT
        || keyBytes > Key.MAX_BYTES
        || payloadBytes < 0
        || announced != (sequence(envelope) > 0)
        || received != payloadAt(keyBytes) + (announced ? 0 : payloadBytes)) {
      throw refused(
          "of %d bytes (kind %d, key of %d, payload of %d, sequence %d) contradicts itself"
              .formatted(received, kind(envelope), keyBytes, payloadBytes, sequence(envelope)));
    }
  }

  static int kind(MemorySegment envelope) {
    return Byte.toUnsignedInt(envelope.get(JAVA_BYTE, KIND_AT));
  }

  static int keyBytes(MemorySegment envelope) {
    return Short.toUnsignedInt(envelope.get(U16, KEY_BYTES_AT));
  }

  static long keyAddress(MemorySegment envelope) {
    return envelope.address() + HEADER_BYTES;
  }

  static long payloadBytes(MemorySegment envelope) {
    return envelope.get(U64, PAYLOAD_BYTES_AT);
  }

  static long sequence(MemorySegment envelope) {
    return envelope.get(U64, SEQUENCE_AT);
  }

  private static HawserException refused(String why) {
    return new HawserException(ErrorCode.REFUSED, "the envelope " + why);
  }
}
