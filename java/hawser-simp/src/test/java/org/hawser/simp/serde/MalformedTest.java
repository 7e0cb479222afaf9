package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes in: a value or INVALID_ARGUMENT, and nothing else. */
@Timeout(60)
class MalformedTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]                                            | $: there must be an object",
        "{}                                            | $: '_kind' is missing",
        "{'_kind':1}                                   | $: '_kind' must be a text",
        "{'_kind':'crypto_impl.BytesValue'}            | kind 'crypto_impl.BytesValue'",
        "{'_kind':'_bool','v':1}                       | $: 'v' must be true or false",
        "{'_kind':'_int','v':1.0}                      | $: 'v' must be an integer",
        "{'_kind':'_int','v':true}                     | $: 'v' must be an integer",
        "{'_kind':'_float','v':'1'}                    | $: 'v' must be a number",
        "{'_kind':'_str'}                              | $: 'v' is missing",
        "{'_kind':'_list','items':{}}                  | $: 'items' must be an array",
        "{'_kind':'_list','items':[1]}                 | $.items[0]: there must be an object",
        "{'_kind':'_dict','items':{'a':{'_kind':'x'}}} | $.items.a: Hawser has no",
        "{'_kind':'_dict_pairs','pairs':[[]]}          | $.pairs[0]: a pair",
        "{'_kind':'_bytes','data':'a'}                 | $.data: there must be base64",
        "{'_kind':'_bytes','data':'\u20ac'}            | $.data: there must be base64",
        "{'_kind':'_bytes_bref','bref':0}              | 'bref' names segment 0, of 0",
        "{'_kind':'mplang.FloatType','bitwidth':24}    | 16, 32, 64 or 128 bits",
        "{'_kind':'mplang.IntegerType','bitwidth':4294967297,'signed':true} | 32 bits",
        "{'_kind':'mplang.ComplexType','inner_type':{'_kind':'_null'}} | $.inner_type: there must",
        "{'_kind':'spu.SPUConfig','protocol':'X'}      | 'protocol' must be one of [REF2K,",
        "{'_kind':'spu_impl.SPUShareValue','meta':'','share_chunks':[1]} | $.share_chunks[0]",
      })
  void jsonThatIsWrongIsRefusedWithItsPlace(String json, String part) {
    assertRefused(part, () -> fromJson(json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'complex64' | [1]                     | no elements of dtype 'complex64'",
        "'>f8'       | [1]                     | no elements of dtype '>f8'",
        "'float64'   | [2]                     | 8 bytes are no tensor of float64[2]",
        "'float32'   | [1]                     | 8 bytes are no tensor",
        "'float64'   | [-1]                    | [-1] is no shape",
        "'float64'   | [1.5]                   | $.shape[0]: there must be an integer",
        "'int8'      | [8589934592,8589934592] | is no shape",
        "'int64'     | [2305843009213693953]   | are no tensor",
        "'int8'      | [0,9223372036854775807] | 8 bytes are no tensor",
        "'bool'      | [8]                     | neither 0 nor 1",
      })
  void tensorsThatAreWrongAreRefusedInBothForms(String dtype, String shape, String part) {
    String fields = "{'_kind':'_ndarray%s','dtype':%s,'shape':%s,%s}";
    assertRefused(
        part, () -> fromJson(fields.formatted("", dtype, shape, "'data':'AQID//8EBQY='")));
    byte[] container =
        container(
            fields.formatted("_bref", dtype, shape, "'bref':0"),
            new byte[] {8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
    assertRefused(part, () -> Serde.loadsBinary(MemorySegment.ofArray(container)));
  }

  @Test
  void graphsThatAreWrongAreRefusedWithThePlaceInTheGraph() {
    String operation =
        "{'_kind':'mplang.Graph','inputs':[],'outputs':[],'operations':[{'opcode':'a.b','inputs':[%s],"
            + "'outputs':[%s],'attrs':{},'regions':[],'name':'op0'}]}";
    assertRefused(
        "$.operations[0] (a.b): 'inputs' names 'x', which nothing before it makes",
        () -> fromJson(operation.formatted("'x'", "")));
    assertRefused(
        "$.operations[0] (a.b).outputs[0].type: Hawser has no values of kind 'fhe.Type'",
        () -> fromJson(operation.formatted("", "{'name':'y','type':{'_kind':'fhe.Type'}}")));
    String twice = "{'name':'y','type':{'_kind':'mplang.CustomType','kind':'Any'}}";
    assertRefused(
        "$.operations[0] (a.b): there are two values y",
        () -> fromJson(operation.formatted("", twice + "," + twice)));
    assertRefused(
        "$: 'outputs' names 'z'",
        () -> fromJson("{'_kind':'mplang.Graph','inputs':[],'operations':[],'outputs':['z']}"));
  }

  @Test
  void keysThatAreThereTwiceAreRefused() {
    String pair = "[{'_kind':'_int','v':1},{'_kind':'_null'}]";
    assertRefused(
        "$.pairs[1]: its key is there twice",
        () -> fromJson("{'_kind':'_dict_pairs','pairs':[%s,%s]}".formatted(pair, pair)));
    assertRefused("malformed JSON: Duplicate", () -> fromJson("{'_kind':'_null','_kind':'_null'}"));
  }

  @Test
  void depthIsBounded() {
    String deep = "{'_kind':'_list','items':[".repeat(5000) + "]}".repeat(5000);
    assertRefused("malformed JSON", () -> fromJson(deep));
    Object value = null;
    for (int i = 0; i < Encoder.DEEPEST - 1; i++) {
      value = Tuple.of(value);
    }
    assertTrue(Values.same(value, Serde.loadsB64(Serde.dumpsB64(value))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "=", "AAAA", "H4sIAAAA", "\u20ac", "not base64"})
  void textThatIsNoPackedJsonIsRefused(String text) {
    assertRefused("malformed base64 of compressed JSON", () -> Serde.loadsB64(text));
  }

  @Test
  void compressedTextThatLiesAboutItsLengthIsRefused() throws IOException {
    byte[] packed = gzip(new byte[4 << 20]);
    packed[packed.length - 1] = 0x20;
    assertRefused("must not become", () -> Serde.loadsB64(base64(packed)));
    byte[] shorter = gzip(new byte[100_000]);
    shorter[shorter.length - 4]--;
    assertRefused("malformed", () -> Serde.loadsB64(base64(shorter)));
  }

  @Test
  void segmentsThatNothingRefersToAreFew() {
    byte[] many = container("{'_kind':'_null'}", new byte[4000]);
    assertRefused("more segments", () -> Serde.loadsBinary(MemorySegment.ofArray(many)));
  }

  @Test
  void jsonIsOneValueAndNothingElse() {
    assertRefused("malformed JSON", () -> fromJson(""));
    assertRefused("malformed JSON", () -> fromJson("{'_kind':'_null'} 1"));
    assertRefused(
        "malformed JSON",
        () -> Serde.loadsBinary(MemorySegment.ofArray(container("", new byte[0]))));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void containersThatAreCutOffAreAValueOrRefused(int seed) {
    byte[] container = dump(Values.random(new Random(seed), 3));
    for (int length = 0; length < container.length; length++) {
      MemorySegment part = MemorySegment.ofArray(container).asSlice(0, length);
      assertValueOrRefusal(() -> Serde.loadsBinary(part));
    }
    assertRefused("malformed container: it is empty", () -> Serde.loadsBinary(MemorySegment.NULL));
  }

  @Test
  void flippedBytesAreAValueOrRefused() {
    var random = new Random(42);
    for (Object value : Values.ofEveryKind()) {
      byte[] container = dump(value);
      String packed = Serde.dumpsB64(value);
      for (int i = 0; i < 200; i++) {
        byte[] flipped = flip(random, container);
        assertValueOrRefusal(() -> Serde.loadsBinary(MemorySegment.ofArray(flipped)));
        byte[] text = flip(random, packed.getBytes(StandardCharsets.ISO_8859_1));
        assertValueOrRefusal(() -> Serde.loadsB64(new String(text, StandardCharsets.ISO_8859_1)));
      }
    }
  }

  @Test
  void jsonWithSwappedPartsIsAValueOrRefused() {
    var random = new Random(7);
    List<String> texts =
        Values.ofEveryKind().stream().map(value -> Serde.toJson(value).toString()).toList();
    for (int i = 0; i < 20_000; i++) {
      String a = texts.get(random.nextInt(texts.size()));
      String b = texts.get(random.nextInt(texts.size()));
      String mixed = swapped(random, a, b);
      assertValueOrRefusal(
          () -> Serde.fromJson(JsonText.read(mixed.getBytes(StandardCharsets.UTF_8))));
    }
  }

  /** Puts one field's value of {@code b} where another is in {@code a}. */
  private static String swapped(Random random, String a, String b) {
    String[] fields = a.split("(?<=:)");
    String[] others = b.split("(?<=:)");
    fields[random.nextInt(fields.length)] = others[random.nextInt(others.length)];
    return String.join("", fields);
  }

  @Test
  void refusalsShowNoPayloadAndNoControlCharacters() {
    HawserException failure =
        assertThrows(
            HawserException.class,
            () -> fromJson("{'_kind':'a\\u001b[31m" + "b".repeat(5000) + "'}"));
    assertTrue(failure.getMessage().length() < 300, failure.getMessage());
    assertTrue(failure.getMessage().chars().noneMatch(Character::isISOControl));
  }

  @Test
  void aTypeIsNoOtherThing() {
    assertRefused(
        "$.value_type: there must be a Type",
        () -> fromJson("{'_kind':'mplang.MPType','value_type':{'_kind':'_null'},'parties':null}"));
    assertNotNull(
        fromJson(
            "{'_kind':'mplang.MPType','parties':null,'value_type':{'_kind':'mplang.FloatType','bitwidth':32}}"));
    assertEquals(
        Type.CustomType.ANY, fromJson("{'_kind':'mplang.CustomType','kind':'Any','more':1}"));
  }

  private static Object fromJson(String json) {
    return Serde.fromJson(JsonText.read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] dump(Object value) {
    try (Arena arena = Arena.ofConfined()) {
      return Serde.dumpsBinary(value, arena).toArray(JAVA_BYTE);
    }
  }

  private static byte[] flip(Random random, byte[] bytes) {
    byte[] flipped = bytes.clone();
    flipped[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    return flipped;
  }

  private static byte[] container(String json, byte[] segments) {
    byte[] meta = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 + meta.length + segments.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(meta.length)
        .put(meta)
        .put(segments)
        .array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    }
    return packed.toByteArray();
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static void assertValueOrRefusal(Executable read) {
    try {
      read.execute();
    } catch (HawserException e) {
      assertEquals(ErrorCode.INVALID_ARGUMENT, e.code(), e.getMessage());
    } catch (Throwable e) {
      throw new AssertionError("refused with something else", e);
    }
  }

  private static void assertRefused(String part, Executable read) {
    HawserException failure = assertThrows(HawserException.class, read);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
