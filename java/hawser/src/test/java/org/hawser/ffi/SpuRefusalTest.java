package org.hawser.ffi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong input is an error with a reason, and the process goes on. */
@RequiresSpu
class SpuRefusalTest {
  private static final String TWO =
      "{\"parties\":[{\"id\":\"a\",\"host\":\"a\"},{\"id\":\"b\",\"host\":\"b\"}]}";

  private SpuLibrary.Live before;

  @BeforeEach
  void countWhatIsLive() {
    before = SpuLibrary.reclaim();
  }

  @AfterEach
  void nothingIsLeft() {
    Leftovers.assertNoneSince(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{ | is no JSON",
        "[] | is not an object",
        "{\"fraction\":1} | fraction is no attribute",
        "{\"protocol\":\"ABY4\"} | 'ABY4' is none of",
        "{\"fxp_fraction_bits\":\"18\"} | fxp_fraction_bits: '18' is not a whole number",
        "{\"enable_hal_profile\":1} | enable_hal_profile: 1 is not true or false",
        "{\"cheetah_2pc_config\":{\"ot\":1}} | cheetah_2pc_config.ot is no attribute",
        "{\"cheetah_2pc_config\":{\"ot_kind\":\"EMP\"}} | refuses",
        "{} | PROT_INVALID",
        "{\"protocol\":\"SEMI2K\"} | FT_INVALID",
        "{\"protocol\":\"ABY3\",\"field\":\"FM64\"} | ABY3 is for 3 parties, not 2",
        "{\"protocol\":\"SECURENN\",\"field\":\"FM64\"} | SECURENN is for 3 parties, not 2"
      })
  void aConfigurationThatIsNone(String config, String reason) {
    assertInvalid(
        reason,
        () ->
            NativeSpu.makeShares(
                2,
                config,
                SpuTwoParties.F32,
                new long[] {1},
                MemorySegment.ofArray(new float[1]),
                1,
                -1));
  }

  @ParameterizedTest
  @CsvSource({"SEMI2K, 1, at least 2", "CHEETAH, 3, 2 parties", "ABY3, 4, 3 parties"})
  void aNumberOfPartiesThatAProtocolIsNotFor(String protocol, int parties, String reason) {
    String config = "{\"protocol\":\"%s\",\"field\":\"FM64\"}".formatted(protocol);
    assertInvalid(
        reason,
        () ->
            NativeSpu.makeShares(
                parties,
                config,
                SpuTwoParties.F32,
                new long[0],
                MemorySegment.ofArray(new float[1]),
                1,
                -1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage",
        "",
        "module @m {}",
        "func.func @main(%a: tensor<4xf32>) -> tensor<5xf32> { return %a : tensor<4xf32> }",
        "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> { %0 = stablehlo.nonsense %a : tensor<4xf32>\n"
            + " return %0 : tensor<4xf32> }"
      })
  void aProgramThatDoesNotCompile(String program) {
    // The compiler's own words, with the place.
    assertInvalid("error:", () -> SpuTwoParties.compile(program, 1));
  }

  @Test
  void aProgramWithOtherInputsThanTold() {
    assertInvalid("Input visibility list", () -> SpuTwoParties.compile(SpuTwoParties.MULTIPLY, 1));
    assertInvalid(
        "3 visibilities are given for a program of 2 inputs",
        () -> SpuTwoParties.compile(SpuTwoParties.MULTIPLY, 3));
    byte[] code = SpuTwoParties.compile(SpuTwoParties.MULTIPLY, 2);
    assertInvalid(
        "1 inputs are named for a program of 2",
        () -> NativeSpu.executable("m", List.of("x"), List.of("z"), code));
    // libspu itself would write results that there are not.
    List<String> inputs = List.of("x", "y");
    assertInvalid(
        "2 outputs are named for a program of 1",
        () -> NativeSpu.executable("m", inputs, List.of("z", "z"), code));
    assertInvalid(
        "no function main",
        () -> NativeSpu.executable("m", List.of(), List.of(), "g".getBytes(UTF_8)));
    assertInvalid(
        "program type",
        () -> NativeSpu.compile(MemorySegment.ofArray(code), "onnx", List.of(1, 1), "{}"));
    assertInvalid(
        "no visibility",
        () -> NativeSpu.compile(MemorySegment.ofArray(code), "stablehlo", List.of(1, 9), "{}"));
  }

  @Test
  void whatDoesNotFitARuntime() throws Exception {
    try (var parties = new SpuTwoParties();
        SpuObject runtime = onlyRuntime(parties);
        SpuObject program = SpuTwoParties.multiply();
        SpuObject garbage =
            NativeSpu.executable(
                "g", List.of(), List.of(), "g func.func @main() {}".getBytes(UTF_8))) {
      List<SpuObject> five = SpuTwoParties.shares(1, 2, 3, 4, 5);
      NativeSpu.setVar(runtime, "x", five.getFirst());
      NativeSpu.setVar(runtime, "y", five.getFirst());
      assertInvalid(
          "variable x is of type 5xf32, the program takes 4xf32",
          () -> NativeSpu.run(runtime, program));
      NativeSpu.delVar(runtime, "x");
      assertInvalid("symbol x not found", () -> NativeSpu.run(runtime, program));
      assertInvalid("symbol q not found", () -> NativeSpu.getVar(runtime, "q"));
      assertInvalid("MLIR parser failure", () -> NativeSpu.run(runtime, garbage));
      try (SpuObject share = NativeSpu.shareOf(new byte[] {1, 2, 3}, List.of())) {
        assertInvalid("meta.ParseFromString", () -> NativeSpu.setVar(runtime, "x", share));
      }
      assertInvalid("has no attribute", () -> NativeSpu.run(program, program));
      five.forEach(SpuObject::close);
    }
  }

  private static SpuObject onlyRuntime(SpuTwoParties parties) throws Exception {
    List<SpuObject> runtimes =
        SpuParties.run(2, rank -> NativeSpu.runtime(parties.links.get(rank), SpuTwoParties.CONFIG));
    runtimes.getLast().close();
    return runtimes.getFirst();
  }

  @Test
  void aTensorThatIsNone() {
    MemorySegment four = MemorySegment.ofArray(new float[4]);
    assertInvalid("too small", () -> shares(SpuTwoParties.F32, new long[] {5}, four));
    assertInvalid("16 bytes are given", () -> shares(SpuTwoParties.F32, new long[] {3}, four));
    assertInvalid("negative", () -> shares(SpuTwoParties.F32, new long[] {-4}, four));
    assertInvalid("too big", () -> shares(SpuTwoParties.F32, new long[] {1L << 62, 8}, four));
    assertInvalid("data type 99", () -> shares(99, new long[] {4}, four));
    List<SpuObject> mixed = new ArrayList<>();
    mixed.addAll(SpuTwoParties.shares(1, 2));
    mixed.addAll(SpuTwoParties.shares(1));
    try (Arena arena = Arena.ofConfined()) {
      assertInvalid(
          "their types differ",
          () ->
              NativeSpu.reconstruct(
                  2, SpuTwoParties.CONFIG, List.of(mixed.get(0), mixed.get(3)), arena));
      assertInvalid(
          "1 shares are given for 2 parties",
          () -> NativeSpu.reconstruct(2, SpuTwoParties.CONFIG, mixed.subList(0, 1), arena));
    }
    mixed.forEach(SpuObject::close);
  }

  private static List<SpuObject> shares(int type, long[] shape, MemorySegment data) {
    return NativeSpu.makeShares(2, SpuTwoParties.CONFIG, type, shape, data, 1, -1);
  }

  @Test
  void aLinkThatIsNone() {
    assertInvalid("link mode 'pigeon'", () -> NativeSpu.openLink("pigeon", TWO, 0, List.of()));
    assertInvalid("rank 2 is none", () -> NativeSpu.openLink("mem", TWO, 2, List.of()));
    assertInvalid("rank 0 is none", () -> NativeSpu.openLink("mem", "{}", 0, List.of()));
    assertInvalid(
        "parties.host: None is not a text",
        () -> NativeSpu.openLink("mem", "{\"parties\":[{\"id\":\"a\"}]}", 0, List.of()));
    assertInvalid(
        "retry_opts.max is no attribute",
        () ->
            NativeSpu.openLink(
                "mem", "{\"retry_opts\":{\"max\":1}," + TWO.substring(1), 0, List.of()));
    assertInvalid(
        "0 channels are given for 2", () -> NativeSpu.openLink("channels", TWO, 0, List.of()));
    assertInvalid(
        "needs a channel to every other party",
        () -> NativeSpu.openLink("channels", TWO, 0, new SpuQueues(2).of(1)));
    var failure =
        assertThrows(HawserException.class, () -> NativeSpu.openLink("brpc", TWO, 0, List.of()));
    assertEquals(ErrorCode.LINK_FAILED, failure.code());
  }

  @Test
  void anObjectThatIsClosed() {
    List<SpuObject> shares = SpuTwoParties.shares(1);
    SpuObject share = shares.getFirst();
    var stale = new SpuObject(share.handle(), null);
    assertTrue(NativeSpu.shareMeta(share).length > 0);
    share.close();
    share.close();
    var failure = assertThrows(HawserException.class, () -> NativeSpu.shareMeta(share));
    assertEquals(ErrorCode.CLOSED, failure.code());
    // As native code sees it, when another thread closed the object just before the call.
    failure = assertThrows(HawserException.class, () -> NativeSpu.shareMeta(stale));
    assertEquals(ErrorCode.CLOSED, failure.code());
    shares.getLast().close();
  }

  @Test
  void aShareGoesThroughItsParts() {
    List<SpuObject> shares = SpuTwoParties.shares(1.5f, -2, 0);
    List<SpuObject> copies = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (SpuObject share : shares) {
        assertEquals(1, NativeSpu.shareChunkCount(share));
        MemorySegment chunk = arena.allocate(NativeSpu.shareChunkBytes(share, 0));
        NativeSpu.copyShareChunk(share, 0, chunk);
        copies.add(NativeSpu.shareOf(NativeSpu.shareMeta(share), List.of(chunk)));
        assertInvalid("range", () -> NativeSpu.shareChunkBytes(share, 1));
      }
    }
    assertArrayEquals(new float[] {1.5f, -2, 0}, SpuTwoParties.reveal(copies), 1e-4f);
    shares.forEach(SpuObject::close);
  }

  private static void assertInvalid(String reason, Executable call) {
    var failure = assertThrows(HawserException.class, call);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
  }
}
