package org.hawser.simp.op;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.Job;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.ir.Operation;

/** What programs keep on disk: {@code store.save} and {@code store.load}, each party its part. */
public final class StoreOps {
  private StoreOps() {}

  /** Lets a worker do them. */
  public static OpRegistry register(OpRegistry registry) {
    return registry.register("store.save", StoreOps::save).register("store.load", StoreOps::load);
  }

  /** Hands its input through, so that what comes after can wait for it. */
  private static Object[] save(Job job, Operation operation, Object[] inputs) {
    String name = operation.attribute("uri_base", String.class);
    if (inputs.length != 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "it saves one value, not %d".formatted(inputs.length));
    }
    job.store().save(name, inputs[0]);
    return inputs.clone();
  }

  private static Object[] load(Job job, Operation operation, Object[] inputs) {
    return new Object[] {job.store().get(operation.attribute("uri_base", String.class))};
  }
}
