package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Share;

/** Shares of secrets, and how SPU operations are run. */
final class SpuKinds {
  private static final String CONFIG = "spu.SPUConfig";
  private static final String SHARE = "spu_impl.SPUShareValue";

  private SpuKinds() {}

  static void register(Kinds kinds) {
    kinds.reader(CONFIG, SpuKinds::config).reader(SHARE, SpuKinds::share);
    kinds.writer(SpuConfig.class, SpuKinds::write).writer(Share.class, SpuKinds::write);
  }

  private static Share share(Reading in) {
    byte[] meta = in.base64("meta");
    List<MemorySegment> chunks =
        in.base64s("share_chunks").stream().map(MemorySegment::ofArray).toList();
    return in.valid(() -> Share.of(meta, chunks));
  }

  /** In base64 wherever it is sent: mplang has no other form of it. */
  private static void write(Share share, Writing out) {
    List<byte[]> chunks = new ArrayList<>();
    for (int i = 0; i < share.chunks(); i++) {
      chunks.add(chunk(share, i));
    }
    out.base64("meta", share.meta()).base64s("share_chunks", chunks).kind(SHARE);
  }

  private static byte[] chunk(Share share, int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(share.chunkBytes(index));
      share.copyChunk(index, chunk);
      return chunk.toArray(JAVA_BYTE);
    }
  }

  private static SpuConfig config(Reading in) {
    return new SpuConfig(
        in.constant("protocol", Protocol.class),
        in.constant("field", Field.class),
        in.int32("fxp_fraction_bits"),
        in.has("enable_pphlo_profile") && in.truth("enable_pphlo_profile"),
        in.has("enable_hal_profile") && in.truth("enable_hal_profile"),
        in.has("enable_pphlo_trace") && in.truth("enable_pphlo_trace"),
        in.has("enable_action_trace") && in.truth("enable_action_trace"),
        in.has("link_desc") ? link(in.object("link_desc")) : Map.of());
  }

  private static Map<String, Object> link(Reading in) {
    Map<String, Object> link = new LinkedHashMap<>();
    in.names().forEach(name -> link.put(name, in.scalar(name)));
    return link;
  }

  private static void write(SpuConfig config, Writing out) {
    out.put("protocol", config.protocol().name())
        .put("field", config.field().name())
        .put("fxp_fraction_bits", config.fxpFractionBits())
        .put("enable_pphlo_profile", config.pphloProfile())
        .put("enable_hal_profile", config.halProfile())
        .put("enable_pphlo_trace", config.pphloTrace())
        .put("enable_action_trace", config.actionTrace());
    if (!config.link().isEmpty()) {
      out.scalarsByName("link_desc", config.link());
    }
    out.kind(CONFIG);
  }
}
