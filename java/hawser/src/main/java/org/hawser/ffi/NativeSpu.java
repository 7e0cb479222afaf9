package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.hawser.HawserException;

/**
 * libspu's functions, over objects of its interpreter. Any thread may call; a call may take long.
 * What libspu refuses comes as a {@link HawserException} with its own reason; when one of a link's
 * channels threw during a call on that link, that is the cause, and the code LINK_FAILED.
 *
 * <p>Configurations are JSON objects with libspu's own attribute names: numbers, texts and truth
 * values, enums by name, nested objects. Data is read where it lies when it is off the heap.
 */
public final class NativeSpu {
  private NativeSpu() {}

  /**
   * Opens a link; blocks until all parties have.
   *
   * @param mode {@code channels}, {@code mem} or {@code brpc}
   * @param descJson every attribute of {@code libspu.link.Desc}, with {@code
   *     "parties":[{"id":..,"host":..}]}
   * @param channels one a rank, null for this party's own; empty unless the mode is channels
   */
  public static SpuObject openLink(
      String mode, String descJson, int rank, List<SpuChannel> channels) {
    SpuLibrary.require();
    var own = channels.isEmpty() ? null : new SpuChannels(new ArrayList<>(channels));
    try (var call = new SpuCall(own)) {
      long[] numbers = own == null ? new long[0] : SpuUpcalls.register(own);
      call.check(
          (int)
              SpuFunctions.OPEN_LINK.invokeExact(
                  call.text(mode),
                  call.text(descJson),
                  rank,
                  SpuUpcalls.TABLE,
                  call.longs(numbers),
                  numbers.length,
                  call.out(),
                  call.error()));
      return call.result();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** This party's rank in the link. */
  public static int linkRank(SpuObject link) {
    return place(link)[0];
  }

  /** The number of the link's parties. */
  public static int linkWorldSize(SpuObject link) {
    return place(link)[1];
  }

  private static int[] place(SpuObject link) {
    try (var call = new SpuCall(null)) {
      MemorySegment place = call.arena.allocate(JAVA_INT, 2);
      call.check(
          (int)
              SpuFunctions.LINK_PLACE.invokeExact(
                  link.handle(), place.address(), place.address() + Integer.BYTES, call.error()));
      return place.toArray(JAVA_INT);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Sends one message of the caller's own, apart from what programs exchange. */
  public static void linkSend(SpuObject link, int to, MemorySegment data, boolean async) {
    try (var call = new SpuCall(link.channels())) {
      call.check(
          (int)
              SpuFunctions.LINK_SEND.invokeExact(
                  link.handle(),
                  to,
                  call.data(data),
                  data.byteSize(),
                  async ? 1 : 0,
                  call.error()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    } finally {
      Reference.reachabilityFence(data);
    }
  }

  /** The next message that {@code from} sent with {@link #linkSend}, in {@code arena}. */
  public static MemorySegment linkRecv(SpuObject link, int from, Arena arena) {
    try (var call = new SpuCall(link.channels())) {
      call.check(
          (int) SpuFunctions.LINK_RECV.invokeExact(link.handle(), from, call.out(), call.error()));
      try (SpuObject message = call.result()) {
        MemorySegment bytes = SpuArrays.bytes(message);
        return arena.allocate(bytes.byteSize(), Long.BYTES).copyFrom(bytes);
      }
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Waits until all that was sent has arrived. */
  public static void stopLink(SpuObject link) {
    try (var call = new SpuCall(link.channels())) {
      call.check((int) SpuFunctions.STOP_LINK.invokeExact(link.handle(), call.error()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Compiles a program to SPU's own code.
   *
   * @param irType {@code stablehlo} or {@code xla}
   * @param visibilities libspu's number of each input's
   */
  public static byte[] compile(
      MemorySegment ir, String irType, List<Integer> visibilities, String optionsJson) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      int[] seen = visibilities.stream().mapToInt(Integer::intValue).toArray();
      call.check(
          (int)
              SpuFunctions.COMPILE.invokeExact(
                  call.data(ir),
                  ir.byteSize(),
                  call.text(irType),
                  call.arena.allocateFrom(JAVA_INT, seen).address(),
                  seen.length,
                  call.text(optionsJson),
                  call.out(),
                  call.error()));
      try (SpuObject code = call.result()) {
        return SpuArrays.bytes(code).toArray(ValueLayout.JAVA_BYTE);
      }
    } catch (Throwable e) {
      throw Downcall.broken(e);
    } finally {
      Reference.reachabilityFence(ir);
    }
  }

  /** A program to run, with the names of the variables that it reads and writes, in order. */
  public static SpuObject executable(
      String name, List<String> inputs, List<String> outputs, byte[] code) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      call.check(
          (int)
              SpuFunctions.EXECUTABLE.invokeExact(
                  call.text(name),
                  call.texts(inputs),
                  inputs.size(),
                  call.texts(outputs),
                  outputs.size(),
                  call.data(MemorySegment.ofArray(code)),
                  (long) code.length,
                  call.out(),
                  call.error()));
      return call.result();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Cuts a tensor in one share a party.
   *
   * @param dataType libspu's number of the element type
   * @param data row-major
   * @param owner the rank that may know a private value, -1 when nobody
   */
  public static List<SpuObject> makeShares(
      int worldSize,
      String configJson,
      int dataType,
      long[] shape,
      MemorySegment data,
      int visibility,
      int owner) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      MemorySegment array = SpuArrays.allocate(call, 1);
      SpuArrays.set(call, array, 0, dataType, shape, data);
      MemorySegment shares = call.arena.allocate(JAVA_LONG, Math.max(worldSize, 1));
      call.check(
          (int)
              SpuFunctions.MAKE_SHARES.invokeExact(
                  worldSize,
                  call.text(configJson),
                  array.address(),
                  visibility,
                  owner,
                  shares.address(),
                  call.error()));
      return call.objects(shares, worldSize);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    } finally {
      Reference.reachabilityFence(data);
    }
  }

  /** Puts the shares of all parties together again; the data lies in {@code arena}. */
  public static SpuArray reconstruct(
      int worldSize, String configJson, List<SpuObject> shares, Arena arena) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      long[] handles = shares.stream().mapToLong(SpuObject::handle).toArray();
      call.check(
          (int)
              SpuFunctions.RECONSTRUCT.invokeExact(
                  worldSize,
                  call.text(configJson),
                  call.longs(handles),
                  handles.length,
                  call.out(),
                  call.error()));
      try (SpuObject array = call.result()) {
        return SpuArrays.read(array, arena);
      }
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** A share from what {@link #shareMeta} and {@link #copyShareChunk} told of it. */
  public static SpuObject shareOf(byte[] meta, List<MemorySegment> chunks) {
    SpuLibrary.require();
    try (var call = new SpuCall(null)) {
      int count = chunks.size() + 1;
      long[] addresses = new long[count];
      long[] lengths = new long[count];
      addresses[0] = call.data(MemorySegment.ofArray(meta));
      lengths[0] = meta.length;
      for (int i = 1; i < count; i++) {
        addresses[i] = call.data(chunks.get(i - 1));
        lengths[i] = chunks.get(i - 1).byteSize();
      }
      call.check(
          (int)
              SpuFunctions.SHARE_OF.invokeExact(
                  call.longs(addresses), call.longs(lengths), count, call.out(), call.error()));
      return call.result();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    } finally {
      Reference.reachabilityFence(chunks);
    }
  }

  /** What a share says of itself: type, shape, visibility, and how it is stored. */
  public static byte[] shareMeta(SpuObject share) {
    try (SpuObject meta = sharePart(share, 0)) {
      return SpuArrays.bytes(meta).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  public static int shareChunkCount(SpuObject share) {
    try (var call = new SpuCall(null)) {
      MemorySegment count = call.arena.allocate(JAVA_INT);
      call.check(
          (int)
              SpuFunctions.SHARE_PARTS.invokeExact(share.handle(), count.address(), call.error()));
      return count.get(JAVA_INT, 0) - 1;
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public static long shareChunkBytes(SpuObject share, int chunk) {
    try (SpuObject part = sharePart(share, chunk + 1)) {
      return SpuArrays.bytes(part).byteSize();
    }
  }

  /** Copies a chunk to the start of {@code destination}, which has room for it. */
  public static void copyShareChunk(SpuObject share, int chunk, MemorySegment destination) {
    try (SpuObject part = sharePart(share, chunk + 1)) {
      destination.copyFrom(SpuArrays.bytes(part));
    }
  }

  private static SpuObject sharePart(SpuObject share, int part) {
    try (var call = new SpuCall(null)) {
      call.check(
          (int)
              SpuFunctions.SHARE_PART.invokeExact(share.handle(), part, call.out(), call.error()));
      return call.result();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** A runtime on a link, which lives as long as the runtime does. Blocks for its peers. */
  public static SpuObject runtime(SpuObject link, String configJson) {
    try (var call = new SpuCall(link.channels())) {
      call.check(
          (int)
              SpuFunctions.RUNTIME.invokeExact(
                  link.handle(), call.text(configJson), call.out(), call.error()));
      return call.result();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public static void setVar(SpuObject runtime, String name, SpuObject share) {
    try (var call = new SpuCall(null)) {
      call.check(
          (int)
              SpuFunctions.SET_VAR.invokeExact(
                  runtime.handle(), call.text(name), share.handle(), call.error()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** This party's share of a variable; the runtime keeps it too. */
  public static SpuObject getVar(SpuObject runtime, String name) {
    try (var call = new SpuCall(null)) {
      call.check(
          (int)
              SpuFunctions.GET_VAR.invokeExact(
                  runtime.handle(), call.text(name), call.out(), call.error()));
      return call.result();
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public static void delVar(SpuObject runtime, String name) {
    try (var call = new SpuCall(null)) {
      call.check(
          (int) SpuFunctions.DEL_VAR.invokeExact(runtime.handle(), call.text(name), call.error()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Runs a program over the runtime's variables; blocks until its end. */
  public static void run(SpuObject runtime, SpuObject executable) {
    try (var call = new SpuCall(runtime.channels())) {
      call.check(
          (int) SpuFunctions.RUN.invokeExact(runtime.handle(), executable.handle(), call.error()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }
}
