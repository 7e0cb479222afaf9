package org.hawser.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TransferTableTest {
  private static Transfer transfer(MemorySegment memory) {
    return new Transfer(null, false, memory, 0, TransferListener.NONE);
  }

  @Test
  void idsAreNotUsedAgain() {
    var table = new TransferTable();
    Set<Long> ids = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      Transfer transfer = transfer(MemorySegment.NULL);
      long id = table.add(transfer);
      assertTrue(ids.add(id));
      assertSame(transfer, table.get(id));
      table.remove(id);
      assertNull(table.get(id));
    }
  }

  @Test
  void anIdThatWasNeverGivenFindsNothing() {
    var table = new TransferTable();
    assertNull(table.get(0));
    assertNull(table.get(-1));
    assertNull(table.get(1L << 40 | 7));
  }

  @Test
  void itGrowsAndKeepsApartWhatManyThreadsAdd() throws Exception {
    var table = new TransferTable();
    Set<Long> live = ConcurrentHashMap.newKeySet();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> runs = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        runs.add(threads.submit(() -> addAndRemove(table, live)));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
    int[] left = new int[1];
    table.forEach(transfer -> left[0]++);
    assertEquals(live.size(), left[0]);
    assertEquals(4 * 2_000, left[0]);
  }

  private static void addAndRemove(TransferTable table, Set<Long> live) {
    for (int i = 0; i < 20_000; i++) {
      Transfer transfer = transfer(MemorySegment.NULL);
      long id = table.add(transfer);
      assertTrue(live.add(id), "an id was given twice");
      assertSame(transfer, table.get(id));
      if (i % 10 != 0) {
        live.remove(id);
        table.remove(id);
      }
    }
  }

  @Test
  void itKnowsWhatMemoryIsInUse() {
    var table = new TransferTable();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4096);
      long id = table.add(transfer(memory.asSlice(1000, 10)));
      assertTrue(table.uses(memory.address(), 4096));
      assertTrue(table.uses(memory.address() + 1009, 1));
      assertFalse(table.uses(memory.address(), 1000));
      assertFalse(table.uses(memory.address() + 1010, 3000));
      table.remove(id);
      assertFalse(table.uses(memory.address(), 4096));
    }
  }

  @Test
  void returnedChunksKeepTheirOrder() {
    var queue = new ChunkQueue();
    for (long i = 0; i < 100; i++) {
      queue.add(i % 3, i, 10);
    }
    assertEquals(34 * 10, queue.removeAll(0));
    for (long i = 0; i < 100; i++) {
      if (i % 3 != 0) {
        assertEquals(i, queue.offset());
        assertEquals(i % 3, queue.id());
        queue.remove();
      }
    }
    assertTrue(queue.isEmpty());
    assertEquals(0, queue.removeAll(0));
  }
}
