package org.hawser.lane;

/**
 * What one link has to send and no lane carries yet: sends whose receiver waits, cut in chunks, and
 * chunks that lost lanes gave back, which go first. Belongs to the driver.
 */
final class Backlog {
  private static final System.Logger LOG = System.getLogger(Backlog.class.getName());

  private final Link link;
  private final LinkMemory memory;
  private final LaneTable lanes;
  private ChunkScheduler scheduler;

  private final ChunkQueue returned = new ChunkQueue();
  private Transfer first;
  private Transfer last;
  private long bytes;
  private long chunk;
  private ChunkStallEvent stall;

  Backlog(Link link, LinkMemory memory, ChunkScheduler scheduler) {
    this.link = link;
    this.memory = memory;
    this.lanes = new LaneTable(memory.lanes());
    this.scheduler = scheduler;
  }

  boolean isEmpty() {
    return bytes == 0;
  }

  /** The peer waits for the payload of this send, in chunks of this length. */
  void ready(Transfer send, long chunkBytes) {
    send.ready = true;
    send.chunkBytes = chunkBytes;
    send.scheduled = 0;
    bytes += send.length;
    if (first == null) {
      first = send;
    } else {
      last.nextReady = send;
    }
    last = send;
  }

  /** A lost lane gave a chunk back. */
  void returned(long id, long offset, long size) {
    returned.add(id, offset, size);
    bytes += size;
  }

  /**
   * The send has ended: nothing of it is sent any more. Leaves the shared memory alone, which may
   * be gone with the link.
   */
  void drop(Transfer send) {
    if (!returned.isEmpty()) {
      bytes -= returned.removeAll(send.id);
    }
    if (send.ready) {
      bytes -= send.length - send.scheduled;
      unlink(send);
    }
  }

  /** Gives chunks to lanes for as long as the scheduler names one; true when it gave any. */
  boolean schedule() {
    lanes.refresh(memory);
    long before = chunk;
    while (bytes > 0 && scheduleOne()) {
      chunk++;
    }
    memory.setBacklog(bytes);
    watchStall(chunk != before);
    return chunk != before;
  }

  private boolean scheduleOne() {
    if (!returned.isEmpty()) {
      if (!give(returned.id(), returned.offset(), returned.bytes())) {
        return false;
      }
      returned.remove();
      return true;
    }
    Transfer send = first;
    long size = Math.min(send.chunkBytes, send.length - send.scheduled);
    if (!give(send.id, send.scheduled, size)) {
      return false;
    }
    send.scheduled += size;
    if (send.scheduled == send.length) {
      unlink(send);
    }
    return true;
  }

  private boolean give(long id, long offset, long size) {
    int lane = pick(size);
    if (lane == ChunkScheduler.WAIT) {
      return false;
    }
    memory.submit(lane, id, offset, size);
    lanes.submitted(lane, size);
    bytes -= size;
    return true;
  }

  /** A user's scheduler may be wrong; the bytes must arrive all the same. */
  private int pick(long size) {
    try {
      int lane = scheduler.pick(lanes, chunk, size, bytes);
      if (lane == ChunkScheduler.WAIT || lanes.room(lane)) {
        return lane;
      }
      LOG.log(
          System.Logger.Level.ERROR,
          "scheduler {0} gave a chunk to lane {1}, which takes none; adaptive takes its place",
          scheduler,
          lane);
    } catch (RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "scheduler " + scheduler + " failed; adaptive takes its place",
          e);
    }
    scheduler = ChunkScheduler.adaptive();
    return scheduler.pick(lanes, chunk, size, bytes);
  }

  private void unlink(Transfer send) {
    Transfer previous = null;
    for (Transfer at = first; at != send; at = at.nextReady) {
      previous = at;
    }
    if (previous == null) {
      first = send.nextReady;
    } else {
      previous.nextReady = send.nextReady;
    }
    if (last == send) {
      last = previous;
    }
    send.nextReady = null;
    send.ready = false;
  }

  private void watchStall(boolean gave) {
    if (stall != null && (gave || bytes == 0)) {
      stall.finish(link.peer(), bytes);
      stall = null;
    }
    if (stall == null && bytes > 0 && !lanes.anyRoom()) {
      stall = ChunkStallEvent.begun();
    }
  }
}
