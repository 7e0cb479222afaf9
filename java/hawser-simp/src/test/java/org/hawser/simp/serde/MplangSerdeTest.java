package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.mplang.MplangScript;
import org.hawser.simp.mplang.RequiresMplang;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real mplang reads what we write, and we read what it writes. */
@RequiresMplang
@Timeout(180)
class MplangSerdeTest {
  @TempDir private Path folder;

  @Test
  void valuesAreTheSameAfterMplangHadThem() throws IOException {
    List<Object> values = new ArrayList<>(Values.ofEveryKind());
    var random = new Random(1);
    for (int i = 0; i < 100; i++) {
      values.add(Values.random(random, 3));
    }
    values.removeIf(MplangSerdeTest::hasTable);
    assertSameAgain(values, "json", Serde::dumpsB64, Serde::loadsB64);
    assertSameAgain(values, "binary", MplangSerdeTest::container, MplangSerdeTest::contained);
  }

  @Test
  void graphsAndValuesOfMplangAreTheSameAfterWeHadThem() throws IOException {
    JsonNode written = MplangScript.run("graphs", List.of());
    assertSameTrees(written.get("graphs"));
    assertSameTrees(written.get("values"));
    JsonNode first = written.get("graphs").get(0);
    assertTrue(Serde.loadsB64(first.textValue()) instanceof Graph graph && graph.slots() > 0);
  }

  /** As JSON: what mplang wrote, what we make of it, and what mplang makes of that. */
  private void assertSameTrees(JsonNode texts) throws IOException {
    assertTrue(texts.size() > 1);
    List<String> ours = new ArrayList<>();
    for (JsonNode text : texts) {
      String again = Serde.dumpsB64(Serde.loadsB64(text.textValue()));
      assertEquals(PackedJson.unpack(text.textValue()), PackedJson.unpack(again));
      ours.add("json " + again);
    }
    Path file = Files.write(folder.resolve("ours"), ours);
    JsonNode outcomes = MplangScript.run("values", List.of(file.toString()));
    for (int i = 0; i < ours.size(); i++) {
      String theirs = outcomes.get(i).path("text").asText();
      assertEquals(PackedJson.unpack(texts.get(i).textValue()), PackedJson.unpack(theirs));
    }
  }

  /** Tables take libraries that the tests' mplang is installed without. */
  private static boolean hasTable(Object value) {
    String json = Serde.toJson(value).toString();
    return json.contains("table_impl.TableValue") || json.contains("_pa_table");
  }

  private void assertSameAgain(
      List<Object> values,
      String form,
      Function<Object, String> write,
      Function<String, Object> read)
      throws IOException {
    Path file = folder.resolve(form);
    Files.write(file, values.stream().map(value -> form + " " + write.apply(value)).toList());
    JsonNode outcomes = MplangScript.run("values", List.of(file.toString()));
    assertEquals(values.size(), outcomes.size());
    for (int i = 0; i < values.size(); i++) {
      Object value = values.get(i);
      JsonNode outcome = outcomes.get(i);
      assertTrue(outcome.has("text"), () -> value + " is refused: " + outcome);
      Object again = read.apply(outcome.get("text").asText());
      assertTrue(Values.same(value, again), () -> value + " became " + again);
    }
  }

  private static String container(Object value) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = Serde.dumpsBinary(value, arena).toArray(JAVA_BYTE);
      return Base64.getEncoder().encodeToString(bytes);
    }
  }

  private static Object contained(String text) {
    return Serde.loadsBinary(MemorySegment.ofArray(Base64.getDecoder().decode(text)));
  }
}
