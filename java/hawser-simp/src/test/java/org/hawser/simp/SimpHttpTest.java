package org.hawser.simp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.hawser.http.HttpOptions;
import org.hawser.simp.ir.Graph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every driver does, over HTTP between workers of this process. */
class SimpHttpTest extends SimpContract {
  private static final int DRIVERS = 30;

  private HttpWorkers workers;

  @Override
  protected SimpHost open(int parties, OpRegistry registry) {
    workers = new HttpWorkers(parties, registry, WorkerOptions.DEFAULT);
    return SimpHttpDriver.connect(HttpOptions.DEFAULT, workers.endpoints(), Duration.ofMinutes(1));
  }

  @Test
  void workersHearWhatWasReleasedBeforeADriverIsClosed() throws Exception {
    workers = new HttpWorkers(1, Programs.registry(), WorkerOptions.DEFAULT);
    Graph program = Programs.graph(0, (b, _) -> List.of(Programs.op(b, "test.rank")));
    for (int i = 0; i < DRIVERS; i++) {
      try (var driver =
          SimpHttpDriver.connect(HttpOptions.DEFAULT, workers.endpoints(), Duration.ofMinutes(1))) {
        driver.release(driver.run(program, List.of()).getFirst());
      }
    }
    URI metrics = URI.create("http://" + workers.endpoints().getFirst() + "/metrics");
    try (InputStream answer = metrics.toURL().openStream()) {
      String told = new String(answer.readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(told.contains("hawser_objects 0.0"), told);
    }
  }

  @AfterEach
  void closeWorkers() {
    if (workers != null) {
      workers.close();
    }
  }
}
