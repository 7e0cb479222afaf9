package org.hawser.simp.mplang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The real mplang by itself: what the tests beside this one build on. */
@RequiresMplang
@Timeout(180)
class MplangClusterTest {
  @Test
  void pythonWorkersRunEveryProgram() {
    try (var first = MplangWorker.open(0);
        var second = MplangWorker.open(1)) {
      var endpoints = List.of(first.endpoint(), second.endpoint());
      first.serve(endpoints);
      second.serve(endpoints);
      var outcomes = MplangScript.run("programs", endpoints);
      outcomes.forEach(outcome -> assertTrue(outcome.has("values"), outcomes::toString));
      assertEquals(
          "[28,34]", outcomes.at("/spu_again/values/0/values/0").toString(), outcomes::toString);
    }
  }
}
