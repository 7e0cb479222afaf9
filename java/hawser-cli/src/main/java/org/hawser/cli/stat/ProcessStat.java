package org.hawser.cli.stat;

import java.util.List;

/**
 * What one process tells of itself. Ranks are -1 where there is none.
 *
 * @param state whether it runs
 * @param opened when it made the file
 * @param leftOut how much the file has had no room for
 */
record ProcessStat(
    int pid,
    int rank,
    State state,
    String program,
    String host,
    String file,
    String opened,
    long leftOut,
    List<LinkStat> links,
    List<PortStat> ports,
    List<ProxyStat> proxies,
    List<WaitStat> waits,
    List<ErrorStat> errors,
    List<EventStat> events) {

  /** A process of another namespace, a container's say, may do either. */
  enum State {
    RUNNING,
    DEAD,
    UNKNOWN
  }

  /**
   * A link, with its lanes.
   *
   * @param idleS seconds since it was driven last
   * @param receives posted ones that no message has come for
   */
  record LinkStat(
      int rank,
      int peerRank,
      int peerPid,
      String peerHost,
      String state,
      boolean encrypted,
      double idleS,
      long unacknowledged,
      long receives,
      List<LaneStat> lanes) {
    String peer() {
      return Words.rank(peerRank, "a party") + " at " + peerHost;
    }
  }

  /**
   * A lane.
   *
   * @param idleS seconds since something has moved, -1 when nothing has yet
   * @param resentBytes given to other lanes when this one was lost
   * @param rate bytes a second that it was measured to deliver, 0 before that
   */
  record LaneStat(
      int lane,
      String device,
      String peerDevice,
      String state,
      long sentBytes,
      long receivedBytes,
      long sentMessages,
      long receivedMessages,
      long resentBytes,
      long resentChunks,
      long losses,
      long returns,
      long checksumErrors,
      long strangers,
      long rate,
      double idleS) {}

  /** A connection of a port. */
  record PortStat(
      int rank,
      int peerRank,
      int peerPid,
      String peer,
      String transport,
      String state,
      long puts,
      long signals,
      long bytes,
      long queued) {}

  /** A proxy, with the triggers in its FIFO. */
  record ProxyStat(int rank, long capacity, long served, long depth) {}

  /**
   * Somebody who waits.
   *
   * @param peerPid 0 when not told
   */
  record WaitStat(
      int rank, int peer, int peerPid, String what, double seconds, double secondsLeft) {}

  /** One of the last errors. */
  record ErrorStat(
      String time, String code, int rank, int peer, int lane, String device, String text) {}

  /** Something that has happened. */
  record EventStat(
      String time,
      String kind,
      int rank,
      int peer,
      int lane,
      String device,
      String code,
      String text) {}

  boolean hasDied() {
    return state == State.DEAD;
  }
}
