package org.hawser.simp.mplang;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips tests where the real mplang is not installed, and says why. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresMplang.Condition.class)
public @interface RequiresMplang {
  /** Looks for mplang's Python. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Files.isExecutable(MplangProcess.python())
          ? ConditionEvaluationResult.enabled("mplang is there")
          : ConditionEvaluationResult.disabled(
              "there is no mplang at %s: scripts/setup --test installs it"
                  .formatted(MplangProcess.python()));
    }
  }
}
