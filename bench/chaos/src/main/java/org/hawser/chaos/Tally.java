package org.hawser.chaos;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hawser.Json;

/** What a run comes to. Any thread may count. */
final class Tally {
  private static final int NOTES = 40;

  final long seed;
  final AtomicLong faults = new AtomicLong();
  final AtomicLong bytes = new AtomicLong();
  final AtomicLong lost = new AtomicLong();
  final AtomicLong doubled = new AtomicLong();
  final AtomicLong wrong = new AtomicLong();
  final AtomicLong lateWaits = new AtomicLong();
  final AtomicLong crashes = new AtomicLong();
  private final AtomicInteger notes = new AtomicInteger();

  Tally(long seed) {
    this.seed = seed;
  }

  /** Bytes that were sent and are not there, or work that failed and should have outlived. */
  void lost(long count, String what) {
    count(lost, Math.max(1, count), "lost", what);
  }

  void doubled(long count, String what) {
    count(doubled, Math.max(1, count), "doubled", what);
  }

  void wrong(long count, String what) {
    count(wrong, Math.max(1, count), "wrong", what);
  }

  void late(String what) {
    count(lateWaits, 1, "late", what);
  }

  void crashed(String what) {
    count(crashes, 1, "crashed", what);
  }

  private void count(AtomicLong counter, long count, String kind, String what) {
    counter.addAndGet(count);
    if (notes.incrementAndGet() <= NOTES) {
      say(kind + ": " + what);
    }
  }

  /** Standard output belongs to the result. */
  static synchronized void say(String line) {
    System.err.println("chaos: " + line);
  }

  boolean isClean() {
    return lost.get() + doubled.get() + wrong.get() + lateWaits.get() + crashes.get() == 0;
  }

  String toJson() {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("seed", seed);
    object.put("faults", faults.get());
    object.put("bytes", bytes.get());
    object.put("lost", lost.get());
    object.put("doubled", doubled.get());
    object.put("wrong", wrong.get());
    object.put("late_waits", lateWaits.get());
    object.put("crashes", crashes.get());
    return Json.write(object);
  }
}
