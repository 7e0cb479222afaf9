package org.hawser.simp.op;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.Job;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.ir.Operation;

/** Calls of Java functions: {@code hawser.call {name}}. */
public final class FunctionOps {
  private final Functions functions;

  private FunctionOps(Functions functions) {
    this.functions = functions;
  }

  /** Lets a worker do them. */
  public static OpRegistry register(OpRegistry registry, Functions functions) {
    return registry.register("hawser.call", new FunctionOps(functions)::call);
  }

  private Object[] call(Job job, Operation operation, Object[] inputs) {
    String name = operation.attribute("name", String.class);
    List<Object> arguments = Collections.unmodifiableList(Arrays.asList(inputs));
    List<Object> results = functions.find(name).apply(arguments);
    if (results.size() != operation.outputs().size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "function %s has returned %d values, and the program wants %d"
              .formatted(name, results.size(), operation.outputs().size()));
    }
    return results.toArray();
  }
}
