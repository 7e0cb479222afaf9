package org.hawser.lane;

import static org.hawser.lane.Pair.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The events, read back from a real recording. */
@Timeout(120)
class FlightRecorderTest {
  @TempDir Path folder;

  private List<RecordedEvent> dump(Recording recording) throws Exception {
    Path file = Files.createTempFile(folder, "events", ".jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file);
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }

  @Test
  void transfersAreRecorded() throws Exception {
    try (var recording = new Recording()) {
      recording.enable("hawser.Transfer").withThreshold(Duration.ZERO);
      recording.start();
      try (var pair = new Pair();
          Buffer from = Pair.pattern(3_000_000, 1);
          Buffer to = Buffer.allocate(3_000_000)) {
        Transfer receive = pair.toLeft.receive(to.segment(), 42);
        pair.toRight.send(from.segment(), 42).await(SOON);
        receive.await(SOON);
      }
      List<RecordedEvent> events = named(dump(recording), "hawser.Transfer");
      assertEquals(
          List.of("receive", "send"),
          events.stream().map(event -> event.getString("direction")).sorted().toList());
      for (RecordedEvent event : events) {
        assertEquals(42, event.getLong("tag"));
        assertEquals(3_000_000, event.getLong("bytes"));
        assertEquals("OK", event.getString("result"));
        assertTrue(event.getString("peer").startsWith("rank "), event::toString);
        assertTrue(event.getDuration().toNanos() > 0, event::toString);
      }
    }
  }

  @Test
  void aBacklogWithoutRoomIsRecorded() throws Exception {
    try (var recording = new Recording()) {
      recording.enable("hawser.ChunkStall").withThreshold(Duration.ZERO);
      recording.start();
      try (var pair = new Pair();
          Buffer from = Pair.pattern(64 << 20, 1);
          Buffer to = Buffer.allocate(64 << 20)) {
        Transfer receive = pair.toLeft.receive(to.segment(), 42);
        pair.toRight.send(from.segment(), 42).await(SOON);
        receive.await(SOON);
      }
      List<RecordedEvent> events = named(dump(recording), "hawser.ChunkStall");
      assertTrue(!events.isEmpty(), "64 MiB went at once into lanes of 16 chunks");
      assertTrue(events.stream().anyMatch(event -> event.getLong("backlog") > 0));
      assertTrue(events.stream().allMatch(event -> event.getString("peer").startsWith("rank 1")));
    }
  }

  @Test
  void lostAndRegainedLanesAreRecorded() throws Exception {
    try (var recording = new Recording()) {
      recording.enable("hawser.LaneLost");
      recording.enable("hawser.LaneBack");
      recording.start();
      LaneLostEvent.record("rank 1 at host", 2, "eth3", "link down");
      LaneBackEvent.record("rank 1 at host", 2, "eth3");
      List<RecordedEvent> events = dump(recording);
      RecordedEvent lost = named(events, "hawser.LaneLost").getFirst();
      assertEquals(2, lost.getInt("lane"));
      assertEquals("eth3", lost.getString("device"));
      assertEquals("link down", lost.getString("reason"));
      RecordedEvent back = named(events, "hawser.LaneBack").getFirst();
      assertEquals(2, back.getInt("lane"));
      assertEquals("rank 1 at host", back.getString("peer"));
    }
  }
}
