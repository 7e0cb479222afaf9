package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * The {@code hawser_spu_channel} table: libspu's calls, each brought to the {@link SpuChannel} that
 * its number names. Called by threads of any kind; no Throwable leaves, none is lost.
 */
final class SpuUpcalls {
  /** The table, for ever. */
  static final long TABLE = table();

  private static final int INTERNAL = -ErrorCode.INTERNAL.ordinal();

  private record Entry(SpuChannel channel, SpuChannels link) {}

  // Index is the channel's number; number 0 is none. Written under the class's lock, and read
  // without: a number is used only between its registration and its dropping.
  private static volatile Entry[] entries = new Entry[16];

  private SpuUpcalls() {}

  /** Gives each channel of a link its number, 0 for the party's own. */
  static synchronized long[] register(SpuChannels link) {
    long[] numbers = new long[link.count()];
    for (int rank = 0; rank < numbers.length; rank++) {
      if (link.of(rank) != null) {
        numbers[rank] = register(new Entry(link.of(rank), link));
      }
    }
    return numbers;
  }

  private static int register(Entry entry) {
    int number = 1;
    while (number < entries.length && entries[number] != null) {
      number++;
    }
    Entry[] changed = Arrays.copyOf(entries, Math.max(entries.length, 2 * number));
    changed[number] = entry;
    entries = changed;
    return number;
  }

  private static int send(
      long number,
      int sending,
      long key,
      int keyBytes,
      long data,
      long bytes,
      long token,
      long error) {
    Entry entry = entries[(int) number];
    try {
      SpuChannel channel = entry.channel;
      return switch (sending) {
        case 0 -> {
          channel.send(key, keyBytes, data, bytes, token);
          yield 1;
        }
        case 1 -> channel.sendAsync(key, keyBytes, data, bytes, token) ? 1 : 0;
        case 2 -> channel.sendAsyncThrottled(key, keyBytes, data, bytes, token) ? 1 : 0;
        default -> throw unknown("sending", sending);
      };
    } catch (Throwable e) {
      return failed(entry, e, error);
    }
  }

  private static long recv(long number, long key, int keyBytes, long error) {
    Entry entry = entries[(int) number];
    try {
      return entry.channel.recv(key, keyBytes);
    } catch (Throwable e) {
      return failed(entry, e, error);
    }
  }

  private static int take(long number, long destination, long error) {
    Entry entry = entries[(int) number];
    try {
      entry.channel.takeInto(destination);
      return 0;
    } catch (Throwable e) {
      return failed(entry, e, error);
    }
  }

  private static long request(long number, int request, long argument, long error) {
    Entry entry = entries[(int) number];
    try {
      SpuChannel channel = entry.channel;
      switch (request) {
        case 0 -> channel.testSend(argument);
        case 1 -> channel.testRecv();
        case 2 -> channel.waitLinkTaskFinish();
        case 3 -> channel.abort();
        case 4 -> channel.setThrottleWindowSize(argument);
        case 5 -> channel.setChunkParallelSendSize(argument);
        case 6 -> channel.setRecvTimeout(argument);
        case 7 -> {
          return channel.getRecvTimeout();
        }
        default -> throw unknown("request", request);
      }
      return 0;
    } catch (Throwable e) {
      return failed(entry, e, error);
    }
  }

  private static synchronized void dropped(long number) {
    Entry[] changed = entries.clone();
    changed[(int) number] = null;
    entries = changed;
  }

  private static int failed(Entry entry, Throwable thrown, long error) {
    try {
      entry.link.failed(thrown);
      return SpuError.write(error, thrown);
    } catch (Throwable _) {
      // There is no memory even to tell it: the code must do.
      return INTERNAL;
    }
  }

  private static HawserException unknown(String what, int number) {
    return new HawserException(
        ErrorCode.VERSION_MISMATCH, "libhawser_spu asks for %s %d".formatted(what, number));
  }

  private static long table() {
    MemorySegment[] stubs = {
      stub(
          "send", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG,
          JAVA_LONG, JAVA_LONG),
      stub("recv", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
      stub("take", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
      stub("request", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG),
      stub("dropped", null, JAVA_LONG)
    };
    MemorySegment table = Arena.global().allocate(ValueLayout.ADDRESS, stubs.length);
    for (int i = 0; i < stubs.length; i++) {
      table.setAtIndex(ValueLayout.ADDRESS, i, stubs[i]);
    }
    return table.address();
  }

  @SuppressWarnings("restricted") // this package is the home of native access
  private static MemorySegment stub(String method, MemoryLayout result, MemoryLayout... arguments) {
    FunctionDescriptor descriptor =
        result == null
            ? FunctionDescriptor.ofVoid(arguments)
            : FunctionDescriptor.of(result, arguments);
    MethodType type = descriptor.toMethodType();
    try {
      MethodHandle target = MethodHandles.lookup().findStatic(SpuUpcalls.class, method, type);
      return Linker.nativeLinker().upcallStub(target, descriptor, Arena.global());
    } catch (ReflectiveOperationException e) {
      throw new HawserException(ErrorCode.INTERNAL, "no upcall " + method, e);
    }
  }
}
