package org.hawser.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * What a share is of, as libspu's {@code ValueMeta} tells it.
 *
 * @param storage libspu's name of how it is kept, such as {@code aby3.AShr<FM64>}
 */
record ShareMeta(DataType type, long[] shape, Visibility visibility, String storage) {
  private static final int DATA_TYPE = 1;
  private static final int VISIBILITY = 3;
  private static final int SHAPE = 4;
  private static final int STORAGE_TYPE = 5;
  private static final int DIMENSIONS = 1;

  /** How any protocol keeps what is not secret. */
  private static final List<String> COMMON = List.of("Pub2k", "Priv2k");

  /**
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when the bytes are no such message
   */
  static ShareMeta read(byte[] message) {
    var reader = new WireReader(MemorySegment.ofArray(message));
    DataType type = constant(DataType.values(), reader.number(DATA_TYPE));
    Visibility visibility = constant(Visibility.values(), reader.number(VISIBILITY));
    long[] shape = dimensions(reader.bytes(SHAPE));
    byte[] storage = reader.bytes(STORAGE_TYPE).toArray(JAVA_BYTE);
    reader.requireEnd();
    return new ShareMeta(type, shape, visibility, new String(storage, StandardCharsets.UTF_8));
  }

  private static long[] dimensions(MemorySegment message) {
    var reader = new WireReader(message);
    var packed = new WireReader(reader.bytes(DIMENSIONS));
    reader.requireEnd();
    var dimensions = LongStream.builder();
    while (packed.hasNext()) {
      dimensions.add(packed.varint());
    }
    long[] shape = dimensions.build().toArray();
    Shape.elements(shape);
    return shape;
  }

  private static <T> T constant(T[] constants, long number) {
    if (number < 1 || number > constants.length) {
      throw WireReader.malformed("it has no type or visibility");
    }
    return constants[(int) number - 1];
  }

  /** Whether a runtime of that protocol and field keeps values so. */
  boolean fits(RuntimeConfig config) {
    String kind = storage.replaceFirst("[.<].*", "");
    boolean protocolFits =
        COMMON.contains(kind) || kind.equals(config.protocol().name().toLowerCase(Locale.ROOT));
    return protocolFits && (!storage.contains("<FM") || storage.contains("<" + config.field()));
  }
}
