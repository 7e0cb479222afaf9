package org.hawser.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * libspu's functions, over objects of its interpreter. Any thread may call; a call may take long.
 * What libspu refuses comes as a {@link HawserException} with its own reason; when one of a link's
 * channels threw during a call on that link, that is the cause.
 *
 * <p>Configurations are JSON objects with libspu's own attribute names: numbers, texts and truth
 * values, enums by name, nested objects.
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
    throw missing();
  }

  public static int linkRank(SpuObject link) {
    throw missing();
  }

  public static int linkWorldSize(SpuObject link) {
    throw missing();
  }

  /** Sends one message of the caller's own, apart from what programs exchange. */
  public static void linkSend(SpuObject link, int to, MemorySegment data, boolean async) {
    throw missing();
  }

  /** The next message that {@code from} sent with {@link #linkSend}, in {@code arena}. */
  public static MemorySegment linkRecv(SpuObject link, int from, Arena arena) {
    throw missing();
  }

  /** Waits until all that was sent has arrived. */
  public static void stopLink(SpuObject link) {
    throw missing();
  }

  /**
   * Compiles a program to SPU's own code.
   *
   * @param irType {@code stablehlo} or {@code xla}
   * @param visibilities libspu's number of each input's
   */
  public static byte[] compile(
      MemorySegment ir, String irType, List<Integer> visibilities, String optionsJson) {
    throw missing();
  }

  public static SpuObject executable(
      String name, List<String> inputs, List<String> outputs, byte[] code) {
    throw missing();
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
    throw missing();
  }

  /** Puts the shares of all parties together again; the data lies in {@code arena}. */
  public static SpuArray reconstruct(
      int worldSize, String configJson, List<SpuObject> shares, Arena arena) {
    throw missing();
  }

  /** A share from what {@link #shareMeta} and {@link #shareChunk} told of it. */
  public static SpuObject shareOf(byte[] meta, List<MemorySegment> chunks) {
    throw missing();
  }

  public static byte[] shareMeta(SpuObject share) {
    throw missing();
  }

  public static int shareChunkCount(SpuObject share) {
    throw missing();
  }

  public static long shareChunkBytes(SpuObject share, int chunk) {
    throw missing();
  }

  /** Copies a chunk to the start of {@code destination}, which has room for it. */
  public static void copyShareChunk(SpuObject share, int chunk, MemorySegment destination) {
    throw missing();
  }

  /** A runtime on a link; the link lives as long as the runtime does. Blocks for its peers. */
  public static SpuObject runtime(SpuObject link, String configJson) {
    throw missing();
  }

  public static void setVar(SpuObject runtime, String name, SpuObject share) {
    throw missing();
  }

  public static SpuObject getVar(SpuObject runtime, String name) {
    throw missing();
  }

  public static void delVar(SpuObject runtime, String name) {
    throw missing();
  }

  /** Runs a program over the runtime's variables; blocks until its end. */
  public static void run(SpuObject runtime, SpuObject executable) {
    throw missing();
  }

  private static HawserException missing() {
    SpuLibrary.require();
    return new HawserException(ErrorCode.UNSUPPORTED, "libspu is not there");
  }
}
