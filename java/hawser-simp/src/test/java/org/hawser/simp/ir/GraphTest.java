package org.hawser.simp.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;

class GraphTest {
  private static final Type F32 = new Type.FloatType(32);

  @Test
  void slotsNumberValuesInTheOrderOfTheirDefinition() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", F32);
    List<Value> made = builder.op("test.split", List.of(x), List.of(F32, F32), Map.of());
    Graph graph = builder.output(made.get(1)).output(x).build();

    assertEquals(3, graph.slots());
    assertEquals(List.of(0, 1, 2), List.of(x.slot(), made.get(0).slot(), made.get(1).slot()));
    assertEquals(List.of(made.get(1), x), graph.outputs());
  }

  @Test
  void namesThatAreTakenAreNotGivenAgain() {
    Graph.Builder builder = Graph.builder();
    Value taken = builder.input("%0", F32);
    Value made = builder.op("test.negate", List.of(taken), List.of(F32), Map.of()).getFirst();
    assertEquals("%1", made.name());
    assertInvalid("two values %0", () -> builder.input("%0", F32));
  }

  @Test
  void valuesOfOtherGraphsAreRefused() {
    Value stranger = Graph.builder().input("y", F32);
    Graph.Builder builder = Graph.builder();
    assertInvalid(
        "value y", () -> builder.op("test.negate", List.of(stranger), List.of(), Map.of()));
    assertInvalid("value y", () -> builder.output(stranger));
  }

  @Test
  void attributesOfTheWrongKindAreNamed() {
    var operation =
        new Operation("test.op", "op0", List.of(), List.of(), Map.of("axis", "one"), List.of());
    assertInvalid("test.op (op0): attribute 'axis'", () -> operation.attribute("axis", Long.class));
    assertInvalid(
        "attribute 'shape' must be a List, not missing",
        () -> operation.attribute("shape", List.class));
    assertInvalid("it has 0 regions", () -> operation.region(0));
  }

  @Test
  void regionsArePrintedBelowTheirOperation() {
    Graph.Builder region = Graph.builder();
    Value inner = region.input("a", F32);
    Graph body = region.output(inner).build();
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", F32);
    Value y =
        builder
            .op(
                "simp.pcall_static",
                List.of(x),
                List.of(F32),
                Map.of("fn_name", "same"),
                List.of(body))
            .getFirst();
    String text = builder.output(y).build().toString();
    assertTrue(
        text.contains("%0 : f32 = simp.pcall_static(x) {fn_name=same}\n  {\n    a : f32 = input\n"),
        text);
    assertTrue(text.endsWith("return %0\n"), text);
  }

  @Test
  void payloadsAreCountedRatherThanPrinted() {
    Graph.Builder builder = Graph.builder();
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("program", "x".repeat(61));
    attributes.put("names", List.of("a", new byte[3]));
    attributes.put("vis", null);
    builder.op("test.op", List.of(), List.of(), attributes);
    assertEquals(
        "test.op() {program=61 characters, names=[a, 3 bytes], vis=null}\nreturn \n",
        builder.build().toString());
  }

  private static void assertInvalid(String part, org.junit.jupiter.api.function.Executable action) {
    HawserException failure = assertThrows(HawserException.class, action);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
