package org.hawser.simp.serde;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/** Gzip of bytes as they are: what anyone inflates, and nobody had to compress. */
final class StoredGzip {
  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};
  private static final int LONGEST_BLOCK = 0xffff;
  private static final int BLOCK_HEADER = 5;
  private static final int TRAILER = 8;

  private StoredGzip() {}

  static byte[] of(byte[] bytes) {
    int blocks = Math.max(1, Math.ceilDiv(bytes.length, LONGEST_BLOCK));
    long size = HEADER.length + (long) blocks * BLOCK_HEADER + bytes.length + TRAILER;
    var out = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    out.put(HEADER);
    for (int block = 0; block < blocks; block++) {
      int start = block * LONGEST_BLOCK;
      int length = Math.min(LONGEST_BLOCK, bytes.length - start);
      boolean last = block == blocks - 1;
      out.put((byte) (last ? 1 : 0)).putShort((short) length).putShort((short) ~length);
      out.put(bytes, start, length);
    }
    var checksum = new CRC32();
    checksum.update(bytes);
    return out.putInt((int) checksum.getValue()).putInt(bytes.length).array();
  }
}
