package org.hawser.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/** Two parties that multiply, under SEMI2K, over queues. */
final class SpuTwoParties implements AutoCloseable {
  static final String CONFIG =
      "{\"protocol\":\"SEMI2K\",\"field\":\"FM64\",\"fxp_fraction_bits\":18}";
  static final int SECRET = 1;
  static final int F32 = 11;
  static final int SIZE = 2;
  static final String MULTIPLY =
      """
      func.func public @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
        %0 = stablehlo.multiply %a, %b : tensor<4xf32>
        return %0 : tensor<4xf32>
      }
      """;

  final SpuQueues queues = new SpuQueues(SIZE);
  final List<SpuObject> links;

  /** Opens the link, each party's channel as {@code altered} makes it of a queue's. */
  SpuTwoParties(int timeoutMillis, UnaryOperator<SpuChannel> altered) throws Exception {
    links =
        SpuParties.run(
            SIZE,
            rank -> {
              List<SpuChannel> channels = queues.of(rank);
              channels.replaceAll(channel -> channel == null ? null : altered.apply(channel));
              return NativeSpu.openLink(
                  "channels", queues.description(timeoutMillis), rank, channels);
            });
  }

  SpuTwoParties() throws Exception {
    this(20_000, channel -> channel);
  }

  static List<SpuObject> shares(float... values) {
    return NativeSpu.makeShares(
        SIZE, CONFIG, F32, new long[] {values.length}, MemorySegment.ofArray(values), SECRET, -1);
  }

  static byte[] compile(String program, int inputs) {
    return NativeSpu.compile(
        MemorySegment.ofArray(program.getBytes(StandardCharsets.UTF_8)),
        "stablehlo",
        Collections.nCopies(inputs, SECRET),
        "");
  }

  static SpuObject multiply() {
    return NativeSpu.executable(
        "multiply", List.of("x", "y"), List.of("z"), compile(MULTIPLY, SIZE));
  }

  /** The party's part of z = x * x. */
  SpuObject square(int rank, SpuObject x) {
    try (SpuObject runtime = NativeSpu.runtime(links.get(rank), CONFIG);
        SpuObject program = multiply()) {
      NativeSpu.setVar(runtime, "x", x);
      NativeSpu.setVar(runtime, "y", x);
      NativeSpu.run(runtime, program);
      return NativeSpu.getVar(runtime, "z");
    }
  }

  static float[] reveal(List<SpuObject> shares) {
    try (Arena arena = Arena.ofConfined()) {
      return NativeSpu.reconstruct(SIZE, CONFIG, shares, arena)
          .data()
          .toArray(ValueLayout.JAVA_FLOAT);
    } finally {
      shares.forEach(SpuObject::close);
    }
  }

  @Override
  public void close() {
    links.forEach(SpuObject::close);
  }
}
