package org.hawser.simp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.http.HttpAnswer;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers that hang, each a node that answers as long as it is told to. */
@Timeout(120)
class RemoteWorkerTest {
  private final CountDownLatch end = new CountDownLatch(1);
  private final HttpNode node = HttpNode.open(HttpOptions.DEFAULT);
  private volatile boolean healthy = true;

  private HttpAnswer health() {
    var health = JsonNodeFactory.instance.objectNode().put("rank", "0").put("world_size", "1");
    return healthy ? HttpAnswer.json(200, health) : HttpAnswer.error(500, "I am not well");
  }

  private HttpAnswer hang() {
    healthy = false;
    try {
      end.await(100, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return HttpAnswer.error(500, "the test is over");
  }

  private SimpHttpDriver driver(Duration timeout) {
    node.route("GET", "/health", _ -> health());
    node.route("POST", "/exec", _ -> hang());
    node.route("POST", "/cancel", _ -> health());
    return SimpHttpDriver.connect(HttpOptions.DEFAULT, List.of(node.address().toString()), timeout);
  }

  @AfterEach
  void close() {
    end.countDown();
    node.close();
  }

  private HawserException failure(Duration timeout) {
    try (var driver = driver(timeout)) {
      var failure =
          assertThrows(
              HawserException.class,
              () -> driver.run(Programs.graph(0, (_, _) -> List.of()), List.of()));
      assertTrue(failure.getMessage().contains("rank 0 at " + node.address()), failure::getMessage);
      assertEquals(0, failure.rank());
      return failure;
    }
  }

  @Test
  void jobsOfAWorkerThatIsNotWellFail() {
    HawserException failure = failure(Duration.ofMinutes(5));
    assertTrue(failure.getMessage().contains("I am not well"), failure::getMessage);
  }

  @Test
  void jobsThatTakeTooLongFail() {
    assertEquals(ErrorCode.TIMEOUT, failure(Duration.ofSeconds(1)).code());
  }
}
