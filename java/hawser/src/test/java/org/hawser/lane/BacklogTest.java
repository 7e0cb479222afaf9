package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Cutting and giving chunks, against an engine played by the test through the same shared memory.
 */
class BacklogTest {
  private static final long UNIT = 1000;

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  private record Chunk(long id, long offset, long bytes) {}

  /** The engine's side of one link. */
  private final class Peer {
    final int lanes;
    final MemorySegment memory = arena.allocate(Layouts.LINK_SHARED);
    final LinkMemory link = new LinkMemory(memory);
    final List<Deque<Chunk>> unacked = new ArrayList<>();
    final long[] taken;

    Peer(int lanes) {
      this.lanes = lanes;
      this.taken = new long[lanes];
      memory.set(JAVA_INT, Layouts.offset(Layouts.LINK_SHARED, "lanes"), lanes);
      for (int lane = 0; lane < lanes; lane++) {
        unacked.add(new ArrayDeque<>());
        set(lane, "alive", 1);
      }
    }

    long at(int lane, String field) {
      return Layouts.offset(Layouts.LINK_SHARED, "lane")
          + lane * Layouts.LANE_STATE.byteSize()
          + Layouts.offset(Layouts.LANE_STATE, field);
    }

    long get(int lane, String field) {
      return Words.plain(memory, at(lane, field));
    }

    void set(int lane, String field, long value) {
      Words.setPlain(memory, at(lane, field), value);
    }

    void add(int lane, String field, long value) {
      set(lane, field, get(lane, field) + value);
    }

    /** Takes what is in the lane's ring and hands it to the device. */
    void write(int lane) {
      while (taken[lane] < get(lane, "submitted_chunks")) {
        assertEquals(1, get(lane, "alive"), "a dead lane was given a chunk");
        long slot =
            Layouts.offset(Layouts.LINK_SHARED, "chunks")
                + (lane * Layouts.CHUNK_RING + taken[lane] % Layouts.CHUNK_RING)
                    * Layouts.CHUNK.byteSize();
        unacked
            .get(lane)
            .add(
                new Chunk(
                    Words.plain(memory, slot),
                    Words.plain(memory, slot + 8),
                    Words.plain(memory, slot + 16)));
        taken[lane]++;
      }
      set(lane, "written_chunks", taken[lane]);
      assertTrue(unacked.get(lane).size() <= Layouts.WINDOW, "more chunks in flight than allowed");
    }

    Chunk acknowledge(int lane) {
      Chunk chunk = unacked.get(lane).poll();
      if (chunk != null) {
        add(lane, "acked_chunks", 1);
        add(lane, "acked_bytes", chunk.bytes());
      }
      return chunk;
    }

    void lose(int lane, Backlog backlog) {
      write(lane);
      set(lane, "alive", 0);
      for (Chunk chunk : unacked.get(lane)) {
        add(lane, "returned_chunks", 1);
        add(lane, "returned_bytes", chunk.bytes());
        backlog.returned(chunk.id(), chunk.offset(), chunk.bytes());
      }
      unacked.get(lane).clear();
    }
  }

  private Transfer send(long id, long bytes) {
    var send = new Transfer(null, true, arena.allocate(bytes), id, TransferListener.NONE);
    send.id = id;
    return send;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT, 7919, 104_729})
  void aSendIsCutExactly(long bytes) {
    var peer = new Peer(1);
    var backlog = new Backlog(null, peer.link, ChunkScheduler.roundRobin());
    backlog.ready(send(1, bytes), UNIT);
    long expected = 0;
    while (expected < bytes) {
      assertTrue(backlog.schedule());
      peer.write(0);
      for (Chunk chunk; (chunk = peer.acknowledge(0)) != null; ) {
        assertEquals(expected, chunk.offset());
        assertEquals(Math.min(UNIT, bytes - expected), chunk.bytes());
        expected += chunk.bytes();
      }
    }
    assertTrue(backlog.isEmpty());
    assertFalse(backlog.schedule());
  }

  @ParameterizedTest
  @ValueSource(strings = {"adaptive", "round-robin", "weighted:3,1,1,2"})
  void everythingIsDeliveredOnceWhateverLanesDo(String scheduler) {
    for (int seed = 0; seed < 60; seed++) {
      deliverAll(ChunkScheduler.parse(scheduler), new SplittableRandom(seed));
    }
  }

  private void deliverAll(ChunkScheduler scheduler, SplittableRandom random) {
    var peer = new Peer(4);
    var backlog = new Backlog(null, peer.link, scheduler);
    Map<Long, BitSet> delivered = new HashMap<>();
    Map<Long, Long> sizes = new HashMap<>();
    long delivering = 0;
    for (long id = 1; id <= 8; id++) {
      long bytes = random.nextLong(1, 60 * UNIT);
      sizes.put(id, bytes);
      delivered.put(id, new BitSet());
      delivering += bytes;
      backlog.ready(send(id, bytes), UNIT);
    }
    for (int step = 0; delivering > 0; step++) {
      assertTrue(step < 100_000, "the transfer does not end");
      backlog.schedule();
      int lane = random.nextInt(4);
      switch (random.nextInt(12)) {
        case 0 -> loseUnlessLast(peer, lane, backlog);
        case 1 -> peer.set(lane, "alive", 1);
        case 2 -> peer.set(lane, "rate", random.nextLong(1, 1_000_000));
        case 3, 4, 5, 6, 7 -> peer.write(lane);
        default -> delivering -= deliver(peer.acknowledge(lane), delivered);
      }
    }
    assertTrue(backlog.isEmpty());
    sizes.forEach((id, bytes) -> assertEquals(bytes, delivered.get(id).cardinality()));
  }

  private static void loseUnlessLast(Peer peer, int lane, Backlog backlog) {
    int living = 0;
    for (int other = 0; other < peer.lanes; other++) {
      living += (int) peer.get(other, "alive");
    }
    if (living > 1 && peer.get(lane, "alive") == 1) {
      peer.lose(lane, backlog);
    }
  }

  private static long deliver(Chunk chunk, Map<Long, BitSet> delivered) {
    if (chunk == null) {
      return 0;
    }
    BitSet bytes = delivered.get(chunk.id());
    int from = (int) chunk.offset();
    int to = (int) (chunk.offset() + chunk.bytes());
    assertTrue(bytes.get(from, to).isEmpty(), "delivered twice");
    bytes.set(from, to);
    return chunk.bytes();
  }

  @Test
  void aSendThatEndsEarlyIsDropped() {
    var peer = new Peer(1);
    var backlog = new Backlog(null, peer.link, ChunkScheduler.adaptive());
    Transfer[] sends = {send(1, 5 * UNIT), send(2, 5 * UNIT), send(3, UNIT)};
    for (Transfer send : sends) {
      backlog.ready(send, UNIT);
    }
    backlog.schedule();
    backlog.returned(2, 0, UNIT);
    backlog.drop(sends[1]);
    backlog.drop(sends[0]);
    peer.write(0);
    peer.acknowledge(0);
    backlog.schedule();
    peer.write(0);
    assertEquals(new Chunk(3, 0, UNIT), peer.acknowledge(0));
    assertTrue(backlog.isEmpty());
  }

  @Test
  void aSchedulerThatIsWrongIsReplaced() {
    var peer = new Peer(2);
    peer.set(0, "alive", 0);
    var backlog = new Backlog(null, peer.link, (lanes, chunk, bytes, left) -> 0);
    backlog.ready(send(1, UNIT), UNIT);
    assertTrue(backlog.schedule());
    peer.write(1);
    assertEquals(new Chunk(1, 0, UNIT), peer.acknowledge(1));
  }

  @Test
  void aSchedulerThatThrowsIsReplaced() {
    var peer = new Peer(1);
    var backlog =
        new Backlog(
            null,
            peer.link,
            (lanes, chunk, bytes, left) -> {
              throw new IllegalStateException("broken on purpose");
            });
    backlog.ready(send(1, UNIT), UNIT);
    assertTrue(backlog.schedule());
  }
}
