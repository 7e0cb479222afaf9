package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The real libspu, three parties in this process. */
@RequiresSpu
class NativeSpuTest {
  private static final String ABY3 =
      "{\"protocol\":\"ABY3\",\"field\":\"FM64\",\"fxp_fraction_bits\":18}";
  private static final int F32 = 11;
  private static final int I1 = 1;
  private static final int SECRET = 1;
  private static final int PARTIES = 3;

  @Test
  void threePartiesCompareUnderAby3() throws Exception {
    SpuLibrary.Live before = SpuLibrary.reclaim();
    var queues = new SpuQueues(PARTIES);
    float[] x = {1, -2, 3, 4.5f, 0, 7};
    float[] y = {0, -1, 2, 5, 0.5f, -7};
    List<SpuObject> xs = shares(x);
    List<SpuObject> ys = shares(y);
    List<SpuObject> results =
        SpuParties.run(
            PARTIES,
            rank -> {
              try (SpuObject link =
                      NativeSpu.openLink(
                          "channels", queues.description(20_000), rank, queues.of(rank));
                  SpuObject runtime = NativeSpu.runtime(link, ABY3);
                  SpuObject program = compare(x.length)) {
                assertEquals(rank, NativeSpu.linkRank(link));
                assertEquals(PARTIES, NativeSpu.linkWorldSize(link));
                NativeSpu.setVar(runtime, "x", xs.get(rank));
                NativeSpu.setVar(runtime, "y", ys.get(rank));
                NativeSpu.run(runtime, program);
                return NativeSpu.getVar(runtime, "o");
              }
            });
    try (Arena arena = Arena.ofConfined()) {
      SpuArray greater = NativeSpu.reconstruct(PARTIES, ABY3, results, arena);
      assertEquals(I1, greater.dataType());
      assertArrayEquals(new long[] {x.length}, greater.shape());
      assertArrayEquals(
          new byte[] {1, 0, 1, 0, 0, 1}, greater.data().toArray(ValueLayout.JAVA_BYTE));
    }
    assertTrue(queues.messages.get() > 0);
    xs.forEach(SpuObject::close);
    ys.forEach(SpuObject::close);
    results.forEach(SpuObject::close);
    Leftovers.assertNoneSince(before);
  }

  private static List<SpuObject> shares(float... values) {
    return NativeSpu.makeShares(
        PARTIES, ABY3, F32, new long[] {values.length}, MemorySegment.ofArray(values), SECRET, -1);
  }

  private static SpuObject compare(int elements) {
    String ir =
        """
        module @m { func.func public @main(%%a: tensor<%1$dxf32>, %%b: tensor<%1$dxf32>) -> tensor<%1$dxi1> {
          %%0 = stablehlo.compare GT, %%a, %%b, FLOAT : (tensor<%1$dxf32>, tensor<%1$dxf32>) -> tensor<%1$dxi1>
          return %%0 : tensor<%1$dxi1> } }
        """
            .formatted(elements);
    byte[] code =
        NativeSpu.compile(
            MemorySegment.ofArray(ir.getBytes(StandardCharsets.UTF_8)),
            "stablehlo",
            List.of(SECRET, SECRET),
            "{}");
    return NativeSpu.executable("compare", List.of("x", "y"), List.of("o"), code);
  }
}
