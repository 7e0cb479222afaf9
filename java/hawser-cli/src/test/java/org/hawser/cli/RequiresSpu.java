package org.hawser.cli;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.hawser.ffi.SpuLibrary;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips tests where libspu is not installed, and says why. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresSpu.Condition.class)
public @interface RequiresSpu {
  /** Asks {@link SpuLibrary}. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return SpuLibrary.unavailabilityCause()
          .map(cause -> ConditionEvaluationResult.disabled(cause.getMessage()))
          .orElseGet(() -> ConditionEvaluationResult.enabled("libspu is there"));
    }
  }
}
