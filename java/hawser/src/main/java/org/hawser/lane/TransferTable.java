package org.hawser.lane;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.MemoryUser;

/**
 * The transfers under way, by the id that native code knows them by. Any thread may add and remove,
 * without a lock; only adding more than ever before takes one.
 *
 * <p>An id is a slot's index and the slot's generation, so that a late completion never finds a
 * later transfer. Free slots are a stack whose head carries a count: two heads that look alike are
 * never the same.
 */
final class TransferTable implements MemoryUser {
  private static final int PAGE_SLOTS = 1024;
  private static final int MAX_PAGES = 4096;
  private static final long INDEX = 0xffff_ffffL;
  private static final long EMPTY = INDEX;
  private static final long COUNT_STEP = 1L << 32;
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Transfer[].class);
  private static final VarHandle PAGE = MethodHandles.arrayElementVarHandle(Page[].class);

  /**
   * Generations and links are written by whoever owns the slot and published by the head of the
   * stack.
   */
  private static final class Page {
    final Transfer[] transfers = new Transfer[PAGE_SLOTS];
    final int[] generations = new int[PAGE_SLOTS];
    final long[] below = new long[PAGE_SLOTS];
  }

  private final Page[] pages = new Page[MAX_PAGES];
  private int pageCount;
  private final AtomicLong free = new AtomicLong(EMPTY);

  /** Takes the transfer in and returns its id. */
  long add(Transfer transfer) {
    int index = take();
    Page page = page(index);
    int slot = index % PAGE_SLOTS;
    SLOT.setRelease(page.transfers, slot, transfer);
    return (long) page.generations[slot] << 32 | index;
  }

  /** The transfer of that id, null when it has ended. */
  Transfer get(long id) {
    int index = (int) id;
    Page page = index < 0 || index / PAGE_SLOTS >= MAX_PAGES ? null : page(index);
    if (page == null || page.generations[index % PAGE_SLOTS] != (int) (id >>> 32)) {
      return null;
    }
    return (Transfer) SLOT.getAcquire(page.transfers, index % PAGE_SLOTS);
  }

  /** Ends with a full fence: who asks {@link #uses} from then on does not see the transfer. */
  void remove(long id) {
    int index = (int) id;
    Page page = page(index);
    int slot = index % PAGE_SLOTS;
    SLOT.setRelease(page.transfers, slot, null);
    page.generations[slot]++;
    give(page, index);
  }

  void forEach(Consumer<Transfer> action) {
    for (int number = 0; number < MAX_PAGES; number++) {
      Page page = (Page) PAGE.getAcquire(pages, number);
      if (page == null) {
        return;
      }
      for (int slot = 0; slot < PAGE_SLOTS; slot++) {
        var transfer = (Transfer) SLOT.getAcquire(page.transfers, slot);
        if (transfer != null) {
          action.accept(transfer);
        }
      }
    }
  }

  @Override
  public boolean uses(long address, long bytes) {
    // Pairs with the fence after a transfer was added: see MemoryUsers.
    VarHandle.fullFence();
    return any(transfer -> transfer.touches(address, bytes));
  }

  boolean any(Predicate<Transfer> condition) {
    boolean[] found = new boolean[1];
    forEach(transfer -> found[0] |= condition.test(transfer));
    return found[0];
  }

  private Page page(int index) {
    return (Page) PAGE.getAcquire(pages, index / PAGE_SLOTS);
  }

  private int take() {
    while (true) {
      long head = free.get();
      long index = head & INDEX;
      if (index == EMPTY) {
        grow();
        continue;
      }
      // May be stale when another thread takes the slot first; then the head's count has changed
      // too.
      long below = page((int) index).below[(int) index % PAGE_SLOTS];
      if (free.compareAndSet(head, nextHead(head, below))) {
        return (int) index;
      }
    }
  }

  private void give(Page page, int index) {
    while (true) {
      long head = free.get();
      page.below[index % PAGE_SLOTS] = head & INDEX;
      if (free.compareAndSet(head, nextHead(head, index))) {
        return;
      }
    }
  }

  private static long nextHead(long head, long index) {
    return (head & ~INDEX) + COUNT_STEP | index;
  }

  private synchronized void grow() {
    if ((free.get() & INDEX) != EMPTY) {
      return;
    }
    if (pageCount == MAX_PAGES) {
      throw new HawserException(
          ErrorCode.OUT_OF_MEMORY,
          "%d transfers are under way; await some before starting more"
              .formatted(MAX_PAGES * PAGE_SLOTS));
    }
    var page = new Page();
    int first = pageCount * PAGE_SLOTS;
    PAGE.setRelease(pages, pageCount, page);
    pageCount++;
    for (int slot = PAGE_SLOTS - 1; slot >= 0; slot--) {
      give(page, first + slot);
    }
  }
}
