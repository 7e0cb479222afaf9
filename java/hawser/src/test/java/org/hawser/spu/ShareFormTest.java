package org.hawser.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What is read before libspu is asked; none of it needs libspu. */
class ShareFormTest {
  /** As libspu wrote it: a secret F32[2, 3] of ABY3. */
  private static final byte[] DESCRIPTION =
      message(0x08, 0x0b, 0x18, 0x01, 0x22, 0x04, 0x0a, 0x02, 0x02, 0x03, "aby3.AShr<FM64>");

  @Test
  void readsWhatItWrote() {
    MemorySegment form = form(new byte[] {1, 2}, new byte[0], new byte[] {3});

    ShareForm.Parts parts = ShareForm.read(form);

    assertArrayEquals(DESCRIPTION, parts.description());
    assertEquals(
        List.of(2L, 0L, 1L), parts.chunks().stream().map(MemorySegment::byteSize).toList());
    assertEquals(3, parts.chunks().get(2).get(JAVA_BYTE, 0));
  }

  @Test
  void refusesEveryCutAndWhatFollows() {
    MemorySegment form = form(new byte[] {1, 2}, new byte[] {3});
    for (long length = 0; length < form.byteSize(); length++) {
      MemorySegment cut = form.asSlice(0, length);
      assertMalformed(() -> ShareForm.read(cut));
    }
    MemorySegment longer = Arena.ofAuto().allocate(form.byteSize() + 1).copyFrom(form);
    assertMalformed(() -> ShareForm.read(longer));
  }

  @Test
  void survivesEveryChangedByte() {
    MemorySegment form = form(new byte[] {1, 2}, new byte[] {3});
    for (long at = 0; at < form.byteSize() - 3; at++) {
      for (int change : new int[] {1, 0x7f, 0x80, 0xff}) {
        MemorySegment changed = Arena.ofAuto().allocate(form.byteSize()).copyFrom(form);
        changed.set(JAVA_BYTE, at, (byte) (changed.get(JAVA_BYTE, at) ^ change));
        try {
          ShareMeta.read(ShareForm.read(changed).description());
        } catch (HawserException e) {
          assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
        }
      }
    }
  }

  @Test
  void saysWhichVersionItReads() {
    MemorySegment form = form();
    form.set(JAVA_BYTE, 4, (byte) 9);

    var failure = assertThrows(HawserException.class, () -> ShareForm.read(form));
    assertTrue(failure.getMessage().contains("version 9"), failure.getMessage());
  }

  @Test
  void readsWhatAShareIsOf() {
    ShareMeta meta = ShareMeta.read(DESCRIPTION);

    assertEquals(DataType.F32, meta.type());
    assertArrayEquals(new long[] {2, 3}, meta.shape());
    assertEquals(Visibility.SECRET, meta.visibility());
    assertEquals("aby3.AShr<FM64>", meta.storage());
    ShareMeta scalar = ShareMeta.read(message(0x08, 0x02, 0x18, 0x02, "Pub2k<FM128>"));
    assertEquals(0, scalar.shape().length);
    assertEquals(Visibility.PUBLIC, scalar.visibility());
  }

  @Test
  void refusesDescriptionsThatLibspuDoesNotWrite() {
    assertMalformed(() -> ShareMeta.read("garbage".getBytes(StandardCharsets.UTF_8)));
    assertMalformed(() -> ShareMeta.read(new byte[0]));
    assertMalformed(() -> ShareMeta.read(message(0x08, 0x0d, 0x18, 0x01, "x")));
    assertMalformed(() -> ShareMeta.read(message(0x08, 0x01, 0x08, 0x01, 0x18, 0x01, "x")));
    // An extent of -1.
    assertMalformed(
        () ->
            ShareMeta.read(
                message(
                    0x08, 0x01, 0x18, 0x01, 0x22, 0x0c, 0x0a, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff,
                    0xff, 0xff, 0xff, 0xff, 0x01, "x")));
  }

  @Test
  void knowsWhereAShareFits() {
    ShareMeta share = ShareMeta.read(DESCRIPTION);

    assertTrue(share.fits(RuntimeConfig.of(Protocol.ABY3, Field.FM64)));
    assertFalse(share.fits(RuntimeConfig.of(Protocol.ABY3, Field.FM128)));
    assertFalse(share.fits(RuntimeConfig.of(Protocol.SEMI2K, Field.FM64)));
    ShareMeta open = ShareMeta.read(message(0x08, 0x02, 0x18, 0x02, "Pub2k<FM128>"));
    assertTrue(open.fits(RuntimeConfig.of(Protocol.SEMI2K, Field.FM128)));
    ShareMeta bits = ShareMeta.read(message(0x08, 0x01, 0x18, 0x01, "aby3.BShr<PT_U8,1>"));
    assertTrue(bits.fits(RuntimeConfig.of(Protocol.ABY3, Field.FM32)));
  }

  /** Libspu copies a piece that is longer than the whole past the end of its memory. */
  @Test
  void refusesPiecesThatDoNotFitTogether() {
    byte[] whole = {0x08, 0x03, 0x1a, 0x03, 7, 7, 7};
    byte[] first = {0x08, 0x03, 0x1a, 0x01, 7};
    byte[] rest = {0x08, 0x03, 0x10, 0x01, 0x1a, 0x02, 7, 7};
    ShareChunks.check(segments());
    ShareChunks.check(segments(whole));
    ShareChunks.check(segments(first, rest));

    assertMalformed(() -> ShareChunks.check(segments(first)));
    assertMalformed(() -> ShareChunks.check(segments(rest, first)));
    assertMalformed(() -> ShareChunks.check(segments(first, rest, rest)));
    byte[] tooLong = {0x08, 0x02, 0x1a, 0x03, 7, 7, 7};
    assertMalformed(() -> ShareChunks.check(segments(tooLong)));
    byte[] otherTotal = {0x08, 0x04, 0x10, 0x01, 0x1a, 0x02, 7, 7};
    assertMalformed(() -> ShareChunks.check(segments(first, otherTotal)));
    byte[] twice = {0x08, 0x03, 0x1a, 0x03, 7, 7, 7, 0x1a, 0x05, 7, 7, 7, 7, 7};
    assertMalformed(() -> ShareChunks.check(segments(twice)));
  }

  private static MemorySegment form(byte[]... chunks) {
    var lengths = new long[chunks.length];
    for (int i = 0; i < chunks.length; i++) {
      lengths[i] = chunks[i].length;
    }
    MemorySegment form = Arena.ofAuto().allocate(ShareForm.bytes(DESCRIPTION, lengths));
    List<MemorySegment> places = ShareForm.begin(form, DESCRIPTION, lengths);
    for (int i = 0; i < chunks.length; i++) {
      places.get(i).copyFrom(MemorySegment.ofArray(chunks[i]));
    }
    return form;
  }

  /** Bytes, then a text as field 5. */
  private static byte[] message(Object... parts) {
    var out = new ByteArrayOutputStream();
    for (Object part : parts) {
      if (part instanceof String text) {
        out.write(0x2a);
        out.write(text.length());
        out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
      } else {
        out.write((Integer) part);
      }
    }
    return out.toByteArray();
  }

  private static List<MemorySegment> segments(byte[]... chunks) {
    return List.of(chunks).stream().map(MemorySegment::ofArray).toList();
  }

  private static void assertMalformed(Executable executable) {
    var failure = assertThrows(HawserException.class, executable);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
  }
}
