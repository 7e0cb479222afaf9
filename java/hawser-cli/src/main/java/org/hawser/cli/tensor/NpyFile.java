package org.hawser.cli.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/** NumPy's format for one array: reads versions 1, 2 and 3, and writes version 1. */
final class NpyFile {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int VERSIONS = 3;
  private static final int ALIGNMENT = 64;
  private static final int LONGEST_HEADER = 1 << 20;
  private static final long PIECE = 1 << 30;

  private NpyFile() {}

  static Tensor read(Path file) throws IOException {
    try (var channel = FileChannel.open(file, READ)) {
      NpyHeader header = readHeader(file, channel);
      long found = channel.size() - channel.position();
      if (!header.promises(found)) {
        throw TensorFiles.wrong(
            file, "holds %d bytes of elements; that is not what %s takes", found, header);
      }
      Tensor tensor = Tensor.zeros(header.type(), header.shape());
      transfer(tensor.data(), piece -> readFully(file, channel, piece));
      if (tensor.type() == DataType.I1) {
        requireTruthValues(file, tensor.data());
      }
      return header.swapped() || header.columnsFirst() ? rearranged(header, tensor) : tensor;
    }
  }

  private static NpyHeader readHeader(Path file, FileChannel channel) throws IOException {
    ByteBuffer start = readFully(file, channel, ByteBuffer.allocate(MAGIC.length + 2));
    if (!Arrays.equals(start.array(), 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw TensorFiles.wrong(file, "does not begin as NumPy's files do");
    }
    int version = start.get(MAGIC.length);
    if (version < 1 || version > VERSIONS) {
      throw TensorFiles.wrong(
          file, "is in version %d of NumPy's format; 1 to %d are known", version, VERSIONS);
    }
    ByteBuffer size = ByteBuffer.allocate(version == 1 ? Short.BYTES : Integer.BYTES);
    readFully(file, channel, size.order(ByteOrder.LITTLE_ENDIAN));
    long length =
        version == 1 ? Short.toUnsignedInt(size.getShort()) : Integer.toUnsignedLong(size.getInt());
    if (length > LONGEST_HEADER) {
      throw TensorFiles.wrong(file, "has a header of %d bytes", length);
    }
    ByteBuffer text = readFully(file, channel, ByteBuffer.allocate((int) length));
    try {
      return NpyHeader.parse(new String(text.array(), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw TensorFiles.wrong(file, "has %s", e.getMessage());
    }
  }

  private static void requireTruthValues(Path file, MemorySegment data) {
    for (long i = 0; i < data.byteSize(); i++) {
      if ((data.get(JAVA_BYTE, i) & ~1) != 0) {
        throw TensorFiles.wrong(file, "holds a truth value that is neither 0 nor 1");
      }
    }
  }

  /** The elements in rows and in this machine's byte order. */
  private static Tensor rearranged(NpyHeader header, Tensor stored) {
    long[] shape = header.shape();
    int size = header.type().bytes();
    long[] strides = strides(shape, header.columnsFirst());
    Tensor tensor = Tensor.zeros(header.type(), shape);
    long[] index = new long[shape.length];
    for (long i = 0; i < tensor.elements(); i++) {
      long from = 0;
      for (int d = 0; d < shape.length; d++) {
        from += index[d] * strides[d];
      }
      for (int b = 0; b < size; b++) {
        byte value = stored.data().get(JAVA_BYTE, from * size + b);
        tensor.data().set(JAVA_BYTE, i * size + (header.swapped() ? size - 1 - b : b), value);
      }
      advance(index, shape);
    }
    return tensor;
  }

  private static long[] strides(long[] shape, boolean columnsFirst) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = 0; i < shape.length; i++) {
      int d = columnsFirst ? i : shape.length - 1 - i;
      strides[d] = stride;
      stride *= shape[d];
    }
    return strides;
  }

  private static void advance(long[] index, long[] shape) {
    for (int d = shape.length - 1; d >= 0; d--) {
      if (++index[d] < shape[d]) {
        return;
      }
      index[d] = 0;
    }
  }

  static void write(Path file, Tensor tensor) throws IOException {
    String header = new NpyHeader(tensor.type(), tensor.shape()).toString();
    int prefix = MAGIC.length + 2 + Short.BYTES;
    int padding = ALIGNMENT - 1 - (prefix + header.length()) % ALIGNMENT;
    byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII);
    var start = ByteBuffer.allocate(prefix + text.length).order(ByteOrder.LITTLE_ENDIAN);
    start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length).put(text).flip();
    try (var channel = FileChannel.open(file, CREATE, TRUNCATE_EXISTING, WRITE)) {
      writeFully(channel, start);
      transfer(tensor.data(), piece -> writeFully(channel, piece));
    }
  }

  @FunctionalInterface
  private interface Piece {
    void move(ByteBuffer buffer) throws IOException;
  }

  /** A buffer has at most 2 GiB. */
  private static void transfer(MemorySegment data, Piece action) throws IOException {
    for (long at = 0; at < data.byteSize(); at += PIECE) {
      action.move(data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
    }
  }

  private static ByteBuffer readFully(Path file, FileChannel channel, ByteBuffer buffer)
      throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw TensorFiles.wrong(file, "ends too early");
      }
    }
    return buffer.flip();
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
