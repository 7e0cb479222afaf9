package org.hawser.cli.readme;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.simp.trace.SimpProgram;
import org.hawser.simp.trace.Tracer;
import org.hawser.simp.trace.Types;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramBuilder;

/** Two hospitals compare their counts, and only the first one learns the answers. */
public final class Hospitals implements SimpProgram {
  @Override
  public void define(Tracer t) {
    var builder = ProgramBuilder.named("fewer");
    var ours = builder.input("ours", DataType.F64, 3);
    builder.output("fewer", ours.lt(builder.input("theirs", DataType.F64, 3)));

    var first = t.call(0, "north.counts", Types.tensor(DataType.F64, 3)); // what each has at home
    var second = t.call(1, "south.counts", Types.tensor(DataType.F64, 3));
    var spu = t.spu(SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18), 0, 1);
    var fewer = spu.run(builder.build(), first, second).getFirst(); // shares, at both
    t.output("fewer", spu.reveal(fewer, 0));
  }

  public static void main(String[] arguments) {
    var functions =
        new Functions()
            .register("north.counts", _ -> List.of(Tensor.of(new double[] {12, 7, 31}, 3)))
            .register("south.counts", _ -> List.of(Tensor.of(new double[] {9, 8, 40}, 3)));
    var program = Tracer.trace("hospitals", new Hospitals());
    try (var host = SimpSimulator.open(2, StandardOps.registry(functions))) {
      var results = program.run(host, Map.of());
      var fewer = (Tensor) host.fetch(results.get("fewer"), 0);
      System.out.println(Arrays.toString(fewer.toBooleans()));
    }
  }
}
