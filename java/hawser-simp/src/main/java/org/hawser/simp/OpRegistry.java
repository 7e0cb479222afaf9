package org.hawser.simp;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Operation;

/**
 * What a worker can do: the implementation of each opcode. Nothing else is ever run for a graph.
 * Any thread may use it; workers of one process may share it.
 */
public final class OpRegistry {
  private final Map<String, OpImplementation> implementations = new ConcurrentHashMap<>();

  /** Makes an empty one. */
  public OpRegistry() {}

  /**
   * Adds an opcode.
   *
   * @return this registry
   * @throws HawserException (INVALID_ARGUMENT) when there is one already
   */
  public OpRegistry register(String opcode, OpImplementation implementation) {
    if (implementations.putIfAbsent(opcode, implementation) != null) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "opcode %s has an implementation already".formatted(opcode));
    }
    return this;
  }

  /**
   * What does an operation.
   *
   * @throws HawserException (UNSUPPORTED) that names the opcode
   */
  OpImplementation find(Operation operation) {
    OpImplementation implementation = implementations.get(operation.opcode());
    if (implementation == null) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          "this worker has no implementation of opcode %s: register one with OpRegistry.register"
              .formatted(operation.opcode()));
    }
    return implementation;
  }
}
