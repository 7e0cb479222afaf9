package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;

/**
 * A link's {@code hawser_link_shared}: the state of its lanes, and their chunk rings. Submitting
 * needs the driver role; reading does not. Not to be touched once the link is closed.
 */
final class LinkMemory {
  /** Values of {@code hawser_link_state}. */
  static final int OPEN = 0;

  static final int DEAD = 2;

  private static final long LANES = Layouts.offset(Layouts.LINK_SHARED, "lanes");
  private static final long STATE = Layouts.offset(Layouts.LINK_SHARED, "state");
  private static final long UNACKNOWLEDGED = Layouts.offset(Layouts.LINK_SHARED, "unacknowledged");
  private static final long BACKLOG = Layouts.offset(Layouts.LINK_SHARED, "backlog");
  private static final long LANE = Layouts.offset(Layouts.LINK_SHARED, "lane");
  private static final long CHUNKS = Layouts.offset(Layouts.LINK_SHARED, "chunks");

  private static final long LANE_BYTES = Layouts.LANE_STATE.byteSize();
  private static final long RING_BYTES = Layouts.CHUNK_RING * Layouts.CHUNK.byteSize();
  private static final long CHUNK_ID = Layouts.offset(Layouts.CHUNK, "id");
  private static final long CHUNK_OFFSET = Layouts.offset(Layouts.CHUNK, "offset");
  private static final long CHUNK_BYTES = Layouts.offset(Layouts.CHUNK, "bytes");

  /** Words of a lane's state. */
  enum Word {
    SUBMITTED_BYTES,
    SUBMITTED_CHUNKS,
    WRITTEN_CHUNKS,
    ACKED_BYTES,
    ACKED_CHUNKS,
    RETURNED_BYTES,
    RETURNED_CHUNKS,
    RATE,
    ALIVE,
    SENT_BYTES,
    RECEIVED_BYTES,
    SENT_MESSAGES,
    RECEIVED_MESSAGES,
    LOSSES,
    RETURNS,
    CHECKSUM_ERRORS,
    STRANGERS;

    private final long offset = Layouts.offset(Layouts.LANE_STATE, name().toLowerCase(Locale.ROOT));
  }

  private final MemorySegment link;

  /**
   * @param link a {@code hawser_link_shared}
   */
  LinkMemory(MemorySegment link) {
    this.link = link;
  }

  int lanes() {
    return link.get(JAVA_INT, LANES);
  }

  /** A {@code hawser_link_state}. */
  int state() {
    return Words.acquireInt(link, STATE);
  }

  /** What the peer has not acknowledged: packets, chunks and queued sends; 0 when all is there. */
  long unacknowledged() {
    return Words.acquire(link, UNACKNOWLEDGED);
  }

  long word(int lane, Word word) {
    return Words.opaque(link, laneState(lane) + word.offset);
  }

  /** Bytes given to the lane and neither acknowledged nor returned. */
  long inFlightBytes(int lane) {
    return word(lane, Word.SUBMITTED_BYTES)
        - word(lane, Word.ACKED_BYTES)
        - word(lane, Word.RETURNED_BYTES);
  }

  /** Chunks given to the lane and neither acknowledged nor returned. */
  long inFlightChunks(int lane) {
    return word(lane, Word.SUBMITTED_CHUNKS)
        - word(lane, Word.ACKED_CHUNKS)
        - word(lane, Word.RETURNED_CHUNKS);
  }

  /** Chunks given to the lane that it has not handed to its device. */
  long unwrittenChunks(int lane) {
    return word(lane, Word.SUBMITTED_CHUNKS) - word(lane, Word.WRITTEN_CHUNKS);
  }

  /** Tells the engine how much has no lane yet, so that it returns when one has room. */
  void setBacklog(long bytes) {
    Words.setOpaque(link, BACKLOG, bytes);
  }

  /** Gives a chunk to a lane that has room. */
  void submit(int lane, long id, long offset, long bytes) {
    long state = laneState(lane);
    // The driver alone moves these two, so plain reads are current.
    long tail = Words.plain(link, state + Word.SUBMITTED_CHUNKS.offset);
    long submitted = Words.plain(link, state + Word.SUBMITTED_BYTES.offset);
    long slot =
        CHUNKS + lane * RING_BYTES + (tail & (Layouts.CHUNK_RING - 1)) * Layouts.CHUNK.byteSize();
    Words.setPlain(link, slot + CHUNK_ID, id);
    Words.setPlain(link, slot + CHUNK_OFFSET, offset);
    Words.setPlain(link, slot + CHUNK_BYTES, bytes);
    Words.setOpaque(link, state + Word.SUBMITTED_BYTES.offset, submitted + bytes);
    // Release: who sees the new tail sees the chunk.
    Words.setRelease(link, state + Word.SUBMITTED_CHUNKS.offset, tail + 1);
  }

  private static long laneState(int lane) {
    return LANE + lane * LANE_BYTES;
  }
}
