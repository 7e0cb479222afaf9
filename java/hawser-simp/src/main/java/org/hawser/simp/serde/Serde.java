package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Values and graphs to JSON and back, as mplang has them. Any thread may use it.
 *
 * <p>What the kinds are in Java: null, {@link Boolean}, {@link Long} or {@link
 * java.math.BigInteger} (other integers are written too), {@link Double} ({@link Float} is written
 * too), {@link String}, {@code byte[]}, {@link java.util.List}, {@link Tuple}, {@link
 * java.util.Map}, {@link org.hawser.spu.Tensor}, {@link NdArray}, {@link ObjectTensor}, {@link
 * ObjectNdArray}, {@link Table}, {@link PaTable}, {@link org.hawser.spu.Share}, {@link
 * org.hawser.simp.ir.Type}, {@link org.hawser.simp.ir.Graph} and {@link SpuConfig}. Lists and maps
 * that were read cannot be changed.
 */
public final class Serde {
  private Serde() {}

  /**
   * A value's JSON.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) for what has no kind, or is nested too
   *     deep
   */
  public static JsonNode toJson(Object value) {
    return new Encoder(false).encode(value);
  }

  /**
   * The value that JSON says.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) that says what is wrong, and where;
   *     (OUT_OF_MEMORY) when a tensor finds no room
   */
  public static Object fromJson(JsonNode json) {
    return Reading.of(json).decode();
  }

  /**
   * A value's JSON, compressed by gzip and in base64.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) for what has no kind, or is nested too
   *     deep
   */
  public static String dumpsB64(Object value) {
    return PackedJson.pack(toJson(value));
  }

  /**
   * The value of {@link #dumpsB64}.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) that says what is wrong, and where;
   *     (OUT_OF_MEMORY) when a tensor finds no room
   */
  public static Object loadsB64(String text) {
    return fromJson(PackedJson.unpack(text));
  }

  /**
   * A value in a container: its JSON, and its tensors and bytes as they are.
   *
   * @return the arena's memory; tensors are copied there directly
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) for what has no kind, is nested too deep,
   *     or has a tensor of 4 GiB or more
   */
  public static MemorySegment dumpsBinary(Object value, Arena arena) {
    return Container.write(value, arena);
  }

  /**
   * The value of {@link #dumpsBinary}.
   *
   * @param container free again afterwards: tensors are copied, once
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) that says what is wrong, and where;
   *     (OUT_OF_MEMORY) when a tensor finds no room
   */
  public static Object loadsBinary(MemorySegment container) {
    return Container.read(container);
  }
}
