package org.hawser.simp.op;

import org.hawser.simp.OpRegistry;
import org.hawser.simp.SimpOps;

/** All that a worker of Hawser can do. */
public final class StandardOps {
  private StandardOps() {}

  /**
   * Everything, and these functions.
   *
   * @param functions more may be registered later
   */
  public static OpRegistry registry(Functions functions) {
    OpRegistry registry = new OpRegistry();
    SimpOps.register(registry);
    TensorOps.register(registry);
    StoreOps.register(registry);
    JaxOps.register(registry);
    SpuOps.register(registry);
    return FunctionOps.register(registry, functions);
  }
}
