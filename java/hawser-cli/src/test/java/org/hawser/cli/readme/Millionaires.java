package org.hawser.cli.readme;

import java.util.Arrays;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Simulator;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramBuilder;

/** Three parties tell whose numbers are greater, and see none of them. */
public final class Millionaires {
  public static void main(String[] arguments) {
    var builder = ProgramBuilder.named("richer");
    var alice = builder.input("alice", DataType.F32, 3);
    var bob = builder.input("bob", DataType.F32, 3);
    builder.output("richer", alice.gt(bob));
    var program = builder.build().compile();
    var results =
        Simulator.of(3, RuntimeConfig.of(Protocol.ABY3, Field.FM64))
            .run(
                session -> {
                  session.input("alice", 0, Tensor.of(new float[] {3.1f, 4.1f, 5.9f}, 3));
                  session.input("bob", 1, Tensor.of(new float[] {2.7f, 18.2f, 8.1f}, 3));
                  session.run(program);
                  return session.reveal("richer", 2);
                });
    System.out.println(Arrays.toString(results.get(2).orElseThrow().toBooleans()));
  }
}
