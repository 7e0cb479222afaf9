package org.hawser.cli.demo;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hawser.ffi.SpuLibrary;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import org.hawser.simp.trace.Tracer;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SecretTrainingTest {
  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void learnsToTellPatientsApart() {
    assumeTrue(SpuLibrary.isAvailable());
    var program = Tracer.trace("training", new SecretTraining());
    try (var host = SimpSimulator.open(3, StandardOps.registry(new Functions()))) {
      var correct = (Tensor) program.fetch(host, Map.of()).get("correct");
      int heldOut = Patients.all().count() - Training.LEARNT;
      assertTrue(correct.getLong() > 0.9 * heldOut, correct.getLong() + " of " + heldOut);
      assertTrue(correct.getLong() <= heldOut, correct.getLong() + " of " + heldOut);
    }
  }
}
