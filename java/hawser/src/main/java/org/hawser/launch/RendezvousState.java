package org.hawser.launch;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.hawser.ErrorCode;

/**
 * What rank 0 knows of the job: who is here, who came to the fence, and what was committed. Any
 * thread may call.
 */
final class RendezvousState {
  /**
   * An answer to one request; {@code value} only for a GET that is OK, {@code text} only where it
   * is not.
   */
  record Answer(ErrorCode code, byte[] value, String text) {
    static final Answer OK = new Answer(ErrorCode.OK, null, null);

    static Answer not(ErrorCode code, String text) {
      return new Answer(code, null, text);
    }
  }

  private final int size;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Integer, Map<String, byte[]>> committed = new HashMap<>();
  private final BitSet joined = new BitSet();
  private final BitSet left = new BitSet();
  private final BitSet atFence = new BitSet();
  private long fences;
  private int strangers;

  RendezvousState(int size) {
    this.size = size;
  }

  Answer join(int rank, int claimedSize) {
    lock.lock();
    try {
      if (claimedSize != size || rank < 0 || rank >= size) {
        return Answer.not(
            ErrorCode.REFUSED,
            "rank 0 has a job of " + size + " ranks, not rank " + rank + " of " + claimedSize);
      }
      if (joined.get(rank)) {
        return Answer.not(ErrorCode.REFUSED, "another process joined as rank " + rank + " before");
      }
      joined.set(rank);
      return Answer.OK;
    } finally {
      lock.unlock();
    }
  }

  /** A connection without the job's token was dropped. */
  void countStranger() {
    lock.lock();
    strangers++;
    lock.unlock();
  }

  void leave(int rank) {
    lock.lock();
    try {
      left.set(rank);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  Answer commit(int rank, Map<String, byte[]> pairs) {
    lock.lock();
    try {
      var values = committed.computeIfAbsent(rank, r -> new HashMap<>());
      if (values.size() + pairs.size() > RendezvousProtocol.MAX_PAIRS) {
        return Answer.not(
            ErrorCode.REFUSED,
            "a rank commits at most " + RendezvousProtocol.MAX_PAIRS + " values");
      }
      values.putAll(pairs);
      changed.signalAll();
      return Answer.OK;
    } finally {
      lock.unlock();
    }
  }

  /** A rank whose time is up steps back from the fence, and may come again. */
  Answer fence(int rank, long nanos) throws InterruptedException {
    lock.lock();
    try {
      long mine = fences;
      atFence.set(rank);
      if (atFence.cardinality() == size) {
        atFence.clear();
        fences++;
        changed.signalAll();
      }
      while (fences == mine) {
        if (!left.isEmpty() || nanos <= 0) {
          var answer = missedFence();
          atFence.clear(rank);
          return answer;
        }
        nanos = changed.awaitNanos(nanos);
      }
      return Answer.OK;
    } finally {
      lock.unlock();
    }
  }

  private Answer missedFence() {
    if (!left.isEmpty()) {
      return Answer.not(ErrorCode.LINK_FAILED, "fence: " + ranks(left) + " left the job");
    }
    var missing = new BitSet();
    missing.set(0, size);
    missing.andNot(atFence);
    return Answer.not(
        ErrorCode.TIMEOUT,
        "fence: "
            + ranks(missing)
            + " did not come in time"
            + (strangers == 0
                ? ""
                : " (dropped " + strangers + " connections without this job's token)"));
  }

  Answer get(int rank, String key, long nanos) throws InterruptedException {
    lock.lock();
    try {
      while (true) {
        var value = committed.getOrDefault(rank, Map.of()).get(key);
        if (value != null) {
          return new Answer(ErrorCode.OK, value, null);
        }
        if (left.get(rank)) {
          return Answer.not(
              ErrorCode.LINK_FAILED, "rank " + rank + " left without committing " + key);
        }
        if (nanos <= 0) {
          return Answer.not(
              ErrorCode.TIMEOUT, "rank " + rank + " did not commit " + key + " in time");
        }
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until all that joined have left; false when the time is up first. */
  boolean awaitLeft(long nanos) throws InterruptedException {
    lock.lock();
    try {
      while (left.cardinality() < joined.cardinality()) {
        if (nanos <= 0) {
          return false;
        }
        nanos = changed.awaitNanos(nanos);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private static String ranks(BitSet ranks) {
    var shown =
        ranks.stream().limit(8).mapToObj(Integer::toString).collect(Collectors.joining(", "));
    int more = ranks.cardinality() - 8;
    return (ranks.cardinality() == 1 ? "rank " : "ranks ")
        + shown
        + (more > 0 ? " and " + more + " more" : "");
  }
}
