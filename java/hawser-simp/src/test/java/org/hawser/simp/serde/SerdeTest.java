package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SerdeTest {
  static List<Object> values() {
    return Values.ofEveryKind();
  }

  @ParameterizedTest
  @MethodSource("values")
  void valuesOfEveryKindAreTheSameInEveryForm(Object value) {
    assertSameInEveryForm(value);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
  void nestedValuesAreTheSameInEveryForm(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 50; i++) {
      assertSameInEveryForm(Values.random(random, 4));
    }
  }

  private static void assertSameInEveryForm(Object value) {
    assertSame(value, Serde.fromJson(Serde.toJson(value)));
    assertSame(value, Serde.loadsB64(Serde.dumpsB64(value)));
    try (Arena arena = Arena.ofConfined()) {
      assertSame(value, Serde.loadsBinary(Serde.dumpsBinary(value, arena)));
    }
  }

  private static void assertSame(Object expected, Object actual) {
    assertTrue(Values.same(expected, actual), () -> expected + " became " + actual);
  }

  @Test
  void aTruthValueIsTheseBytes() {
    assertContainer("{\"_kind\":\"_bool\",\"v\":true}", new byte[0], true);
  }

  @Test
  void aTensorIsTheseBytes() {
    byte[] segment = {8, 0, 0, 0, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40};
    assertContainer(
        "{\"kind\":\"numeric_bref\",\"dtype\":\"float32\",\"shape\":[2],\"bref\":0,"
            + "\"_kind\":\"tensor_impl.TensorValue\"}",
        segment,
        Tensor.of(new float[] {1, 2}, 2));
  }

  private static void assertContainer(String json, byte[] segments, Object value) {
    var expected = new ByteArrayOutputStream();
    byte[] meta = json.getBytes(StandardCharsets.UTF_8);
    expected.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(meta.length).array());
    expected.writeBytes(meta);
    expected.writeBytes(segments);
    try (Arena arena = Arena.ofConfined()) {
      assertArrayEquals(expected.toByteArray(), Serde.dumpsBinary(value, arena).toArray(JAVA_BYTE));
    }
    assertSame(value, Serde.loadsBinary(MemorySegment.ofArray(expected.toByteArray())));
  }

  @Test
  void aTensorInJsonHasMplangsForm() {
    assertEquals(
        "{\"kind\":\"numeric\",\"dtype\":\"float64\",\"shape\":[2],"
            + "\"data\":\"AAAAAAAA8D8AAAAAAAAAQA==\",\"_kind\":\"tensor_impl.TensorValue\"}",
        Serde.toJson(Tensor.of(new double[] {1, 2}, 2)).toString());
  }

  @Test
  void numbersOfAllClassesAreWritten() {
    assertEquals(5L, Serde.fromJson(Serde.toJson(5)));
    assertEquals(-5L, Serde.fromJson(Serde.toJson((short) -5)));
    assertEquals(5L, Serde.fromJson(Serde.toJson(BigInteger.valueOf(5))));
    assertEquals(0.5, Serde.fromJson(Serde.toJson(0.5f)));
  }

  @Test
  void whatWasReadDoesNotReferToTheContainer() {
    Tensor tensor = Tensor.of(new double[] {1, 2, 3}, 3);
    Object read;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment container = Serde.dumpsBinary(Tuple.of(tensor, new byte[] {4}), arena);
      read = Serde.loadsBinary(container);
      container.fill((byte) -1);
    }
    assertSame(Tuple.of(tensor, new byte[] {4}), read);
  }

  @Test
  void tensorsInGraphsAreBase64InContainersToo() {
    Graph.Builder builder = Graph.builder();
    Tensor tensor = Tensor.of(new double[] {1});
    builder.op("test.constant", List.of(), List.of(), Map.of("value", tensor));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment container = Serde.dumpsBinary(builder.build(), arena);
      String text = new String(container.toArray(JAVA_BYTE), StandardCharsets.UTF_8);
      assertTrue(text.contains("\"data\":\"AAAAAAAA8D8=\""), text);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1000, 5000, 60_000, 65_000, 200_000})
  void textsOfNoiseAndOfPatternsArePacked(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    String packed = Serde.dumpsB64(noise);
    assertSame(noise, Serde.loadsB64(packed));
    assertTrue(packed.length() < 2 * bytes + 200, () -> "%d characters".formatted(packed.length()));
    String regular = Serde.dumpsB64(new byte[bytes]);
    assertSame(new byte[bytes], Serde.loadsB64(regular));
    assertTrue(bytes < 5000 || regular.length() < bytes / 10);
  }

  @Test
  void whatHasNoKindIsRefusedByItsClass() {
    assertInvalid("java.lang.Object", () -> Serde.toJson(List.of(new Object())));
    List<Object> endless = new ArrayList<>();
    endless.add(endless);
    assertInvalid("deep", () -> Serde.toJson(endless));
  }

  private static void assertInvalid(String part, org.junit.jupiter.api.function.Executable action) {
    HawserException failure = assertThrows(HawserException.class, action);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
