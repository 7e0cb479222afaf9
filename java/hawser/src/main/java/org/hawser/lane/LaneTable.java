package org.hawser.lane;

import org.hawser.ffi.Layouts;
import org.hawser.lane.LinkMemory.Word;

/**
 * The lanes of a link as of the start of a round, kept current with the chunks given since. A copy,
 * so that choosing a lane costs reads of a small array and every choice of a round rests on one
 * state. Belongs to the driver.
 */
final class LaneTable implements LaneView {
  /**
   * Chunks a lane may hold that are not with its device yet: little may wait behind a lane that
   * slows down.
   */
  private static final int DEPTH = 1;

  private final boolean[] alive;
  private final boolean[] room;
  private final long[] inFlight;
  private final long[] chunks;
  private final long[] unwritten;
  private final long[] rate;

  LaneTable(int lanes) {
    alive = new boolean[lanes];
    room = new boolean[lanes];
    inFlight = new long[lanes];
    chunks = new long[lanes];
    unwritten = new long[lanes];
    rate = new long[lanes];
  }

  void refresh(LinkMemory memory) {
    for (int lane = 0; lane < alive.length; lane++) {
      alive[lane] = memory.word(lane, Word.ALIVE) != 0;
      inFlight[lane] = memory.inFlightBytes(lane);
      chunks[lane] = memory.inFlightChunks(lane);
      unwritten[lane] = memory.unwrittenChunks(lane);
      rate[lane] = memory.word(lane, Word.RATE);
      updateRoom(lane);
    }
  }

  /** A chunk was given to the lane. */
  void submitted(int lane, long bytes) {
    inFlight[lane] += bytes;
    chunks[lane]++;
    unwritten[lane]++;
    updateRoom(lane);
  }

  boolean anyRoom() {
    for (boolean lane : room) {
      if (lane) {
        return true;
      }
    }
    return false;
  }

  private void updateRoom(int lane) {
    room[lane] = alive[lane] && unwritten[lane] < DEPTH && chunks[lane] < Layouts.WINDOW;
  }

  @Override
  public int count() {
    return alive.length;
  }

  @Override
  public boolean alive(int lane) {
    return alive[lane];
  }

  @Override
  public boolean room(int lane) {
    return room[lane];
  }

  @Override
  public long inFlight(int lane) {
    return inFlight[lane];
  }

  @Override
  public long rate(int lane) {
    return rate[lane];
  }
}
