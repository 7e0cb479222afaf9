package org.hawser.simp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.hawser.ffi.Cycles;
import org.hawser.http.HttpOptions;
import org.hawser.simp.ir.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers and drivers over HTTP, and what their jobs leave: nothing stays when they are closed. */
@Timeout(300)
class SimpCyclesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void workersAndDrivers() throws Exception {
    Graph program = Programs.graph(0, (b, _) -> List.of(Programs.ranks(b)));
    Cycles.assertFlat(
        () -> {
          try (var workers = new HttpWorkers(2, Programs.registry(), WorkerOptions.DEFAULT);
              var driver =
                  SimpHttpDriver.connect(HttpOptions.DEFAULT, workers.endpoints(), PATIENCE)) {
            HostVar ranks = driver.run(program, List.of()).getFirst();
            assertEquals(List.of(0L, 1L), driver.fetchAll(ranks));
          }
        });
  }
}
