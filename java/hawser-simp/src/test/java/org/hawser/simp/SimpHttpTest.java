package org.hawser.simp;

import java.time.Duration;
import org.hawser.http.HttpOptions;
import org.junit.jupiter.api.AfterEach;

/** What every driver does, over HTTP between workers of this process. */
class SimpHttpTest extends SimpContract {
  private HttpWorkers workers;

  @Override
  protected SimpHost open(int parties, OpRegistry registry) {
    workers = new HttpWorkers(parties, registry, WorkerOptions.DEFAULT);
    return SimpHttpDriver.connect(HttpOptions.DEFAULT, workers.endpoints(), Duration.ofMinutes(1));
  }

  @AfterEach
  void closeWorkers() {
    if (workers != null) {
      workers.close();
    }
  }
}
