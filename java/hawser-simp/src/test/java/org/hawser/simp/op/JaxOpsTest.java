package org.hawser.simp.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@RequiresSpu
@Timeout(120)
class JaxOpsTest {
  private static final String OPEN =
      """
      module {
        func.func public @main(%a: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<i32>) {
          %rows = stablehlo.get_dimension_size %a, dim = 0 : (tensor<?x2xf32>) -> tensor<i32>
          %sum = stablehlo.add %a, %a : tensor<?x2xf32>
          return %sum, %rows : tensor<?x2xf32>, tensor<i32>
        }
      }
      """;

  private final SimpSimulator host = SimpSimulator.open(2, Recorded.registry());

  @AfterEach
  void close() {
    host.close();
  }

  private List<Object> run(Graph graph) {
    List<HostVar> results = host.run(graph, List.of());
    results.forEach(result -> assertNull(host.fetch(result, 1)));
    return results.stream().map(result -> host.fetch(result, 0)).toList();
  }

  /** Three results, an argument dropped, and arguments of more bits than the program's. */
  @Test
  void runsWhatMplangTraced() {
    assertEquals(
        List.of(
            Tensor.of(new float[] {31, 11.5f, 73, 28}, 2, 2),
            Tensor.of(new int[] {1, 1, 1}, 3),
            Tensor.of(new float[] {3, 2, 1.5f}, 3)),
        run(Recorded.graph("jax.json")));
  }

  /** One operation at party 0, on constants. */
  private static Graph program(int results, Map<String, Object> attributes, Tensor... inputs) {
    Graph.Builder region = Graph.builder();
    List<Value> values =
        Arrays.stream(inputs)
            .map(
                tensor ->
                    region
                        .op(
                            "test.value",
                            List.of(),
                            List.of(Type.CustomType.ANY),
                            Map.of("value", tensor))
                        .getFirst())
            .toList();
    region
        .op("tensor.run_jax", values, Collections.nCopies(results, Type.CustomType.ANY), attributes)
        .forEach(region::output);
    Graph.Builder graph = Graph.builder();
    graph
        .op(
            "simp.pcall_static",
            List.of(),
            Collections.nCopies(results, Type.CustomType.ANY),
            Map.of("fn_name", "test", "parties", List.of(0L)),
            List.of(region.build()))
        .forEach(graph::output);
    return graph.build();
  }

  @Test
  void refinesOpenShapes() {
    for (int rows : new int[] {3, 1, 3}) {
      Tensor tensor = Tensor.of(new double[2 * rows], rows, 2);
      Map<String, Object> attributes = Map.of("stablehlo_code", OPEN, "has_dynamic_shape", true);
      assertEquals(
          List.of(
              Tensor.of(new float[2 * rows], rows, 2), Tensor.of(new int[] {rows}, new long[0])),
          run(program(2, attributes, tensor)));
    }
  }

  @Test
  void namesTheOperationThatFails() {
    Tensor tensor = Tensor.of(new float[6], 3, 2);
    Map<String, Object> open = new HashMap<>(Map.of("stablehlo_code", OPEN));
    assertFails(ErrorCode.INVALID_ARGUMENT, "leaves shapes open", program(2, open, tensor));
    open.put("has_dynamic_shape", true);
    assertFails(
        ErrorCode.INVALID_ARGUMENT, "not for", program(2, open, Tensor.of(new float[6], 2, 3)));
    open.put("arg_keep_map", List.of(1L));
    assertFails(
        ErrorCode.INVALID_ARGUMENT, "arg_keep_map names input 1 of 1", program(2, open, tensor));
    open.put("arg_keep_map", List.of("0"));
    assertFails(ErrorCode.INVALID_ARGUMENT, "arg_keep_map", program(2, open, tensor));
    assertFails(ErrorCode.INVALID_ARGUMENT, "stablehlo_code", program(1, Map.of(), tensor));
    open.put("arg_keep_map", List.of(0L));
    assertFails(ErrorCode.INTERNAL, "1 outputs", program(1, open, tensor));
    assertEquals(2, run(program(2, open, tensor)).size());
  }

  private void assertFails(ErrorCode code, String reason, Graph graph) {
    var failure = assertThrows(HawserException.class, () -> host.run(graph, List.of()));
    assertEquals(code, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
    assertTrue(failure.getMessage().contains("tensor.run_jax"), failure.getMessage());
  }
}
