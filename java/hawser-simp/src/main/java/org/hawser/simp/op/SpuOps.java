package org.hawser.simp.op;

import static org.hawser.simp.op.Tensors.invalid;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hawser.simp.Job;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.Share;
import org.hawser.spu.SpuIo;
import org.hawser.spu.Visibility;

/**
 * Secure computation by libspu among the parties that run an operation. Shares are made and joined
 * at one party alone; {@code spu.exec} is for all of {@link Job#parties} together, each of which is
 * the party of libspu that its place among them says.
 *
 * <p>{@code spu.exec} blocks in native code until its peers have done their part: jobs that have it
 * need platform threads. When it fails at one party, its peers are told.
 */
public final class SpuOps {
  private SpuOps() {}

  /** Lets a worker do them. */
  public static OpRegistry register(OpRegistry registry) {
    return registry
        .register("spu.makeshares", SpuOps::makeShares)
        .register("spu.reconstruct", SpuOps::reconstruct)
        .register("spu.exec", SpuOps::execute);
  }

  private static Object[] makeShares(Job job, Operation operation, Object[] inputs) {
    long count = operation.attribute("count", Long.class);
    if (count != operation.outputs().size()) {
      throw invalid(
          "%d shares are not its %d outputs".formatted(count, operation.outputs().size()));
    }
    return io(operation, (int) count)
        .makeShares(Tensors.input(inputs, 0), Visibility.SECRET)
        .toArray();
  }

  private static Object[] reconstruct(Job job, Operation operation, Object[] inputs) {
    List<Share> shares = new ArrayList<>(inputs.length);
    for (int i = 0; i < inputs.length; i++) {
      if (!(inputs[i] instanceof Share share)) {
        throw invalid("input %d must be a share".formatted(i));
      }
      shares.add(share);
    }
    return new Object[] {io(operation, inputs.length).reconstruct(shares)};
  }

  private static Object[] execute(Job job, Operation operation, Object[] inputs) {
    // Before anything else may fail: where links are counted, this party must not miss one.
    SpuMachine machine = SpuMachines.of(job).machine(config(operation));
    return machine.run(operation, Arrays.asList(inputs));
  }

  private static SpuIo io(Operation operation, int parties) {
    return new SpuIo(parties, config(operation).runtimeConfig());
  }

  private static SpuConfig config(Operation operation) {
    return operation.attribute("config", SpuConfig.class);
  }
}
