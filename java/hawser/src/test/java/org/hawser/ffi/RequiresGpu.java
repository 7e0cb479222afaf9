package org.hawser.ffi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.hawser.HawserException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tests on a GPU of this machine: skipped where there is none, with the reason. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("gpu")
@ExtendWith(RequiresGpu.Condition.class)
public @interface RequiresGpu {
  /** Asks the CUDA driver. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      try {
        int gpus = NativeCuda.devices();
        return gpus > 0
            ? ConditionEvaluationResult.enabled("there are GPUs: " + gpus)
            : ConditionEvaluationResult.disabled("the CUDA driver lists no GPU");
      } catch (HawserException e) {
        return ConditionEvaluationResult.disabled(e.getMessage());
      }
    }
  }
}
