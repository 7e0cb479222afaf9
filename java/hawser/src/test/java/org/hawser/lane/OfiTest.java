package org.hawser.lane;

import static org.hawser.lane.Pair.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lanes over libfabric, by the providers that every machine has. */
@Timeout(120)
class OfiTest {
  @BeforeAll
  static void libfabricIsHere() {
    String survey = Lanes.survey(SOON);
    assumeTrue(survey.contains("\"providers\":[{"), survey);
  }

  private static LaneOptions over(String net, String lanes) {
    return LaneOptions.defaults().withNet(net).withLanes(lanes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {"ofi:tcp =lo,lo", "ofi:shm =shm,shm"})
  void everySizeArrivesWholeBothWays(String net, String lanes) {
    try (var pair = new Pair(over(net, lanes))) {
      for (long bytes : new long[] {1, 33_793, 524_289, 7_000_003}) {
        try (Buffer from = Pair.pattern(bytes, bytes);
            Buffer to = Buffer.allocate(bytes);
            Buffer back = Buffer.allocate(bytes)) {
          Transfer receive = pair.toLeft.receive(to.segment(), 7);
          assertEquals(bytes, pair.toRight.send(from.segment(), 7).await(SOON));
          assertEquals(bytes, receive.await(SOON));
          receive = pair.toRight.receive(back.segment(), 8);
          assertEquals(bytes, pair.toLeft.send(to.segment(), 8).await(SOON));
          assertEquals(bytes, receive.await(SOON));
          assertEquals(-1, from.segment().mismatch(back.segment()));
        }
      }
      assertEquals(2, pair.toRight.lanes().size());
    }
  }

  @Test
  void aProviderThatIsNotThereIsNamed() {
    var failure =
        assertThrows(HawserException.class, () -> Lanes.open(over("ofi:nonsense", "")).close());
    assertEquals(ErrorCode.UNSUPPORTED, failure.code());
    assertTrue(failure.getMessage().contains("nonsense"), failure::getMessage);
  }
}
