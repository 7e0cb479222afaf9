package org.hawser.simp.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.hawser.ffi.RequiresSpu;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHost;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.Program;
import org.hawser.spu.program.ProgramBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The program of the package's documentation. */
@RequiresSpu
class MillionairesTest {
  @ParameterizedTest
  @EnumSource(names = {"SEMI2K", "ABY3"})
  void tellsOneOfThemWhoIsRicher(Protocol protocol) {
    Integer[] parties = protocol == Protocol.ABY3 ? new Integer[] {0, 1, 2} : new Integer[] {0, 1};
    TracedProgram program =
        Tracer.trace(
            "millionaires",
            t -> {
              SpuDevice spu = t.spu(SpuConfig.of(protocol, Field.FM64, 18), parties);
              Traced alice = t.constant(0, Tensor.of(new double[] {3e6, 1e6}, 2));
              Traced bob = t.constant(1, Tensor.of(new double[] {2e6, 5e6}, 2));
              Traced richer = spu.run(richer(), alice, bob).getFirst();
              t.output("richer", spu.reveal(richer, 0));
              t.output("wealth", t.run(1, half(), bob).getFirst());
            });
    try (SimpHost host = SimpSimulator.open(3, StandardOps.registry(new Functions()))) {
      Map<String, HostVar> results = program.run(host, Map.of());
      assertEquals(List.of(0), results.get("richer").parties());
      Tensor richer = (Tensor) host.fetch(results.get("richer"), 0);
      assertTrue(richer.getBoolean(0));
      assertEquals(0, richer.getLong(1));
      assertEquals(Tensor.of(new double[] {1e6, 2.5e6}, 2), host.fetch(results.get("wealth"), 1));
    }
  }

  private static Program richer() {
    ProgramBuilder builder = ProgramBuilder.named("richer");
    var a = builder.input("a", DataType.F64, 2);
    var b = builder.input("b", DataType.F64, 2);
    builder.output("richer", a.gt(b));
    return builder.build();
  }

  private static Program half() {
    ProgramBuilder builder = ProgramBuilder.named("half");
    var x = builder.input("x", DataType.F64, 2);
    builder.output("half", x.multiply(0.5));
    return builder.build();
  }
}
