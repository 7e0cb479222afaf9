package org.hawser.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Parties in one process, whose channels are queues of byte arrays: the bridge's peer in tests. */
class SpuQueues {
  private record Way(int from, int to, String key) {}

  private final Map<Way, BlockingQueue<byte[]>> queues = new ConcurrentHashMap<>();
  private final int size;
  final AtomicInteger messages = new AtomicInteger();
  final AtomicInteger keptSends = new AtomicInteger();

  SpuQueues(int size) {
    this.size = size;
  }

  /** The channels of one party, as {@link NativeSpu#openLink} takes them. */
  List<SpuChannel> of(int rank) {
    List<SpuChannel> channels = new ArrayList<>();
    for (int peer = 0; peer < size; peer++) {
      channels.add(peer == rank ? null : channel(rank, peer));
    }
    return channels;
  }

  SpuChannel channel(int rank, int peer) {
    return new Queued(rank, peer);
  }

  String description(int timeoutMillis) {
    StringBuilder parties = new StringBuilder();
    for (int rank = 0; rank < size; rank++) {
      parties
          .append(rank == 0 ? "" : ",")
          .append("{\"id\":\"P%d\",\"host\":\"P%d\"}".formatted(rank, rank));
    }
    return "{\"id\":\"queues\",\"recv_timeout_ms\":%d,\"parties\":[%s]}"
        .formatted(timeoutMillis, parties);
  }

  /** Copies what it sends; asynchronous sends are done with only on another thread. */
  class Queued implements SpuChannel {
    private final int rank;
    private final int peer;
    private final ThreadLocal<byte[]> pending = new ThreadLocal<>();
    private volatile long timeoutMillis = 30_000;

    Queued(int rank, int peer) {
      this.rank = rank;
      this.peer = peer;
    }

    private BlockingQueue<byte[]> queue(int from, int to, long key, int keyBytes) {
      byte[] text = NativeMemory.at(key, keyBytes).toArray(ValueLayout.JAVA_BYTE);
      Way way = new Way(from, to, new String(text, StandardCharsets.UTF_8));
      return queues.computeIfAbsent(way, _ -> new LinkedBlockingQueue<>());
    }

    @Override
    public void send(long key, int keyBytes, long data, long bytes, long token) {
      put(key, keyBytes, data, bytes);
      SpuLibrary.sent(token);
    }

    private void put(long key, int keyBytes, long data, long bytes) {
      messages.incrementAndGet();
      queue(rank, peer, key, keyBytes)
          .add(NativeMemory.at(data, bytes).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public boolean sendAsync(long key, int keyBytes, long data, long bytes, long token) {
      BlockingQueue<byte[]> queue = queue(rank, peer, key, keyBytes);
      messages.incrementAndGet();
      keptSends.incrementAndGet();
      Thread.ofVirtual()
          .start(
              () -> {
                queue.add(NativeMemory.at(data, bytes).toArray(ValueLayout.JAVA_BYTE));
                SpuLibrary.sent(token);
              });
      return true;
    }

    @Override
    public boolean sendAsyncThrottled(long key, int keyBytes, long data, long bytes, long token) {
      put(key, keyBytes, data, bytes);
      return false;
    }

    @Override
    public long recv(long key, int keyBytes) {
      try {
        byte[] message =
            queue(peer, rank, key, keyBytes).poll(timeoutMillis, TimeUnit.MILLISECONDS);
        if (message == null) {
          throw new HawserException(
              ErrorCode.TIMEOUT, "nothing came from rank %d to rank %d".formatted(peer, rank));
        }
        pending.set(message);
        return message.length;
      } catch (InterruptedException e) {
        throw new HawserException(ErrorCode.CANCELLED, "interrupted", e);
      }
    }

    @Override
    public void takeInto(long destination) {
      byte[] message = pending.get();
      pending.remove();
      if (destination != 0) {
        NativeMemory.at(destination, message.length).copyFrom(MemorySegment.ofArray(message));
      }
    }

    @Override
    public void testSend(long timeoutMillis) {
      try (Arena arena = Arena.ofConfined()) {
        put(arena.allocateFrom("__test__").address(), 8, arena.allocate(1).address(), 1);
      }
    }

    @Override
    public void testRecv() {
      try (Arena arena = Arena.ofConfined()) {
        recv(arena.allocateFrom("__test__").address(), 8);
        takeInto(0);
      }
    }

    @Override
    public void waitLinkTaskFinish() {}

    @Override
    public void abort() {}

    @Override
    public void setThrottleWindowSize(long size) {}

    @Override
    public void setChunkParallelSendSize(long size) {}

    @Override
    public void setRecvTimeout(long millis) {
      timeoutMillis = millis;
    }

    @Override
    public long getRecvTimeout() {
      return timeoutMillis;
    }
  }
}
