package org.hawser.simp.serde;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Consumer;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.hawser.simp.mplang.MplangScript;
import org.hawser.simp.mplang.RequiresMplang;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Share;
import org.hawser.spu.SpuIo;
import org.hawser.spu.Tensor;
import org.hawser.spu.Visibility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shares, which libspu makes and puts together again. */
@RequiresSpu
@Timeout(180)
class ShareSerdeTest {
  private static final SpuConfig CONFIG = SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18);
  private static final Tensor TENSOR = Tensor.of(new double[] {1.5, -2, 0, 1024}, 2, 2);

  private final SpuIo io = new SpuIo(2, CONFIG.runtimeConfig());
  private final List<Share> shares = io.makeShares(TENSOR, Visibility.SECRET);

  @Test
  void sharesThatWereSentMakeUpTheirTensor() {
    try (Arena arena = Arena.ofConfined()) {
      List<Share> sent =
          List.of(
              (Share) Serde.loadsB64(Serde.dumpsB64(shares.get(0))),
              (Share) Serde.loadsBinary(Serde.dumpsBinary(shares.get(1), arena)));
      assertArrayEquals(TENSOR.toDoubles(), io.reconstruct(sent).toDoubles());
    }
  }

  @Test
  void aShareWithoutItsPiecesIsNoneThatCanBeUsed() {
    assertUnusable("no pieces", json -> json.putArray("share_chunks"));
  }

  @Test
  void aShareOfAnotherSizeThanItSaysIsNoneThatCanBeUsed() {
    ObjectNode smaller =
        (ObjectNode) Serde.toJson(io.makeShares(TENSOR.reshape(4), Visibility.SECRET).get(0));
    Tensor single = Tensor.of(new double[] {1});
    JsonNode chunks = Serde.toJson(io.makeShares(single, Visibility.SECRET).get(0));
    assertUnusable(
        "a smaller one's pieces", json -> json.set("share_chunks", chunks.get("share_chunks")));
    assertUnusable("another shape", json -> json.set("meta", smaller.get("meta")));
  }

  /** Refused when it is read or, by libspu, when it is used; and never beyond its memory. */
  private void assertUnusable(String why, Consumer<ObjectNode> change) {
    ObjectNode json = (ObjectNode) Serde.toJson(shares.get(0));
    change.accept(json);
    assertThrows(
        HawserException.class,
        () -> io.reconstruct(List.of((Share) Serde.fromJson(json), shares.get(1))),
        why);
  }

  @Test
  @RequiresMplang
  void sharesOfMplangAreWrittenAsItWritesThem() {
    JsonNode written = MplangScript.run("graphs", List.of()).get("shares");
    for (JsonNode text : written) {
      try (var share = (Share) Serde.loadsB64(text.textValue())) {
        assertArrayEquals(new long[] {2, 3}, share.shape());
        assertEquals(PackedJson.unpack(text.textValue()), PackedJson.unpack(Serde.dumpsB64(share)));
      }
    }
  }
}
