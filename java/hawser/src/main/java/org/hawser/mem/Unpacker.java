package org.hawser.mem;

import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.ffi.NativeUnpacker;

/**
 * Brings fragments of a source to their places in a destination, a batch at a time. Any thread may
 * use it; one at a time gets through.
 *
 * <p>A batch is refused as a whole, with INVALID_ARGUMENT and before anything is written, when a
 * fragment reaches beyond the source or the destination, when two write the same byte, when source
 * and destination overlap, or when the executor does not see the memory. Batches that are under way
 * together may run in any order: their destinations must not overlap. Memory that is closed while a
 * batch is under way goes when the batch has completed.
 */
public final class Unpacker implements AutoCloseable {
  /** Who does it. */
  public enum Executor {
    /** Threads of this process, between memories of the host; done when {@code start} returns. */
    HOST,
    /** The copy engine of a GPU, a copy a fragment. */
    COPY,
    /** A kernel of a GPU. */
    KERNEL
  }

  /** What a batch under way touches; without a ticket it is about to be started. */
  private static final class Use {
    private final Memory source;
    private final Memory destination;
    private final long from;
    private final long to;
    private long ticket = Long.MAX_VALUE;

    Use(Memory source, Memory destination) {
      this.source = source;
      this.destination = destination;
      from = source.address();
      to = destination.address();
    }

    boolean touches(long address, long bytes) {
      return overlap(from, source.bytes(), address, bytes)
          || overlap(to, destination.bytes(), address, bytes);
    }

    private static boolean overlap(long a, long aBytes, long b, long bBytes) {
      return a < b + bBytes && b < a + aBytes;
    }
  }

  /** What native code does with a use. */
  @FunctionalInterface
  private interface Starting {
    long start(Use use);
  }

  private final Executor executor;
  private final NativeUnpacker unpacker;
  private final Queue<Use> underWay = new ConcurrentLinkedQueue<>();
  private final MemoryUser user =
      (address, bytes) -> underWay.stream().anyMatch(use -> use.touches(address, bytes));
  private boolean closed;

  private Unpacker(Executor executor, NativeUnpacker unpacker) {
    this.executor = executor;
    this.unpacker = unpacker;
    MemoryUsers.add(user);
  }

  /**
   * @param threads how many work, the caller's among them; 0 for all cores that the process may use
   */
  public static Unpacker host(int threads) {
    return new Unpacker(Executor.HOST, NativeUnpacker.open(Executor.HOST.ordinal(), -1, threads));
  }

  /**
   * @param executor COPY or KERNEL
   * @throws HawserException UNSUPPORTED, with the reason, where there is no such GPU
   */
  public static Unpacker gpu(Executor executor, int gpu) {
    if (executor == Executor.HOST) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a GPU unpacks by COPY or by KERNEL, not by HOST");
    }
    return new Unpacker(executor, NativeUnpacker.open(executor.ordinal(), gpu, 0));
  }

  public Executor executor() {
    return executor;
  }

  /**
   * Starts a batch, which may be filled anew when this returns.
   *
   * @param limit how long to wait while as many batches are under way as can be
   * @return what {@link #completed} and {@link #await} ask for
   * @throws HawserException INVALID_ARGUMENT when the batch is refused, TIMEOUT when the time was
   *     over, CLOSED when the unpacker or a memory is closed
   */
  public synchronized long start(
      UnpackBatch batch, Memory source, Memory destination, Duration limit) {
    return start(
        source,
        destination,
        use ->
            unpacker.start(
                batch.descriptors(),
                batch.count(),
                use.from,
                source.bytes(),
                use.to,
                destination.bytes(),
                Deadline.in(limit).leftOrZero()));
  }

  /**
   * The plain copy by the same means, which unpacking is measured against: memcpy by the same
   * threads, or one device-to-device copy. Copies the first {@code bytes} of the source to the
   * start of the destination; as {@link #start} for the rest.
   */
  public synchronized long plainCopy(
      Memory source, Memory destination, long bytes, Duration limit) {
    if (bytes < 0 || bytes > source.bytes() || bytes > destination.bytes()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%d bytes are no part of %s and %s".formatted(bytes, source, destination));
    }
    return start(
        source,
        destination,
        use -> unpacker.plainCopy(use.to, use.from, bytes, Deadline.in(limit).leftOrZero()));
  }

  private long start(Memory source, Memory destination, Starting starting) {
    requireOpen();
    requireHost(source);
    requireHost(destination);
    var use = new Use(source, destination);
    underWay.add(use);
    try {
      // Against a thread that closes the memory at this moment; see MemoryUsers.
      VarHandle.fullFence();
      requireOpen(source);
      requireOpen(destination);
      use.ticket = starting.start(use);
      forget(use.ticket);
      return use.ticket;
    } catch (RuntimeException e) {
      underWay.remove(use);
      released();
      throw e;
    }
  }

  /**
   * Whether the batch and all before it have completed. Does not block.
   *
   * @throws HawserException why one of them failed; nothing more can be started then
   */
  public synchronized boolean completed(long ticket) {
    requireOpen();
    if (!unpacker.completed(ticket)) {
      return false;
    }
    forget(ticket);
    return true;
  }

  /**
   * Blocks until the batch and all before it have completed.
   *
   * @throws HawserException TIMEOUT when the time was over, else why one of them failed
   */
  public synchronized void await(long ticket, Duration limit) {
    requireOpen();
    unpacker.await(ticket, Deadline.in(limit).leftOrZero());
    forget(ticket);
  }

  /** Lets go of the memory of what has completed, up to a ticket. */
  private void forget(long ticket) {
    boolean any = false;
    for (Iterator<Use> uses = underWay.iterator(); uses.hasNext(); ) {
      Use use = uses.next();
      if (use.ticket > ticket || !unpacker.completed(use.ticket)) {
        break;
      }
      uses.remove();
      any = true;
    }
    if (any) {
      released();
    }
  }

  private static void released() {
    VarHandle.fullFence();
    MemoryUsers.released();
  }

  private void requireOpen() {
    if (closed) {
      throw new HawserException(ErrorCode.CLOSED, "the unpacker is closed");
    }
  }

  private static void requireOpen(Memory memory) {
    if (!memory.isOpen()) {
      throw new HawserException(ErrorCode.CLOSED, memory + " is closed");
    }
  }

  private void requireHost(Memory memory) {
    if (executor == Executor.HOST && memory.kind() == Memory.Kind.DEVICE) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the host's threads do not reach %s: unpack it by COPY or KERNEL".formatted(memory));
    }
  }

  /** Waits for what is under way. Does nothing when it is closed already. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      unpacker.close();
      MemoryUsers.remove(user);
    }
  }
}
