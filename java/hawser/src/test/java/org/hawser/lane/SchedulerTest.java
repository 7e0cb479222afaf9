package org.hawser.lane;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerTest {
  private static final long CHUNK = 512 << 10;

  /** A lane as a scheduler sees it. */
  record Sight(boolean alive, boolean room, long inFlight, long rate) {
    static Sight parse(String text) {
      String[] fields = text.split(":");
      return new Sight(
          fields[0].equals("1"),
          fields[1].equals("1"),
          Long.parseLong(fields[2]),
          Long.parseLong(fields[3]));
    }
  }

  record View(List<Sight> lanes) implements LaneView {
    static View of(Sight... lanes) {
      return new View(List.of(lanes));
    }

    @Override
    public int count() {
      return lanes.size();
    }

    @Override
    public boolean alive(int lane) {
      return lanes.get(lane).alive();
    }

    @Override
    public boolean room(int lane) {
      return lanes.get(lane).room();
    }

    @Override
    public long inFlight(int lane) {
      return lanes.get(lane).inFlight();
    }

    @Override
    public long rate(int lane) {
      return lanes.get(lane).rate();
    }
  }

  /** Lines of the table that the C++ test reads too. */
  static Stream<String> recordedCases() throws IOException {
    try (var in = SchedulerTest.class.getResourceAsStream("adaptive-cases.csv");
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<String> cases = reader.lines().filter(line -> !line.startsWith("#")).toList();
      assertTrue(cases.size() >= 40);
      return cases.stream();
    }
  }

  @ParameterizedTest
  @MethodSource("recordedCases")
  void adaptivePicksAsRecorded(String line) {
    String[] columns = line.split(",");
    var view = new View(Arrays.stream(columns[0].split("\\|")).map(Sight::parse).toList());
    int pick = new Adaptive().pick(view, 0, Long.parseLong(columns[1]), Long.parseLong(columns[2]));
    assertEquals(Integer.parseInt(columns[3]), pick);
  }

  @ParameterizedTest
  @ValueSource(strings = {"adaptive", "round-robin", "weighted:3,1,0,2"})
  void onlyLanesWithRoomArePickedAndNobodyWaitsForNothing(String name) {
    var random = new SplittableRandom(4);
    ChunkScheduler scheduler = ChunkScheduler.parse(name);
    for (int i = 0; i < 20_000; i++) {
      var view = randomView(random);
      long bytes = random.nextLong(1, CHUNK + 1);
      long backlog = bytes + random.nextLong(0, 64 * CHUNK);
      int lane = scheduler.pick(view, i, bytes, backlog);
      if (lane != ChunkScheduler.WAIT) {
        assertTrue(view.alive(lane) && view.room(lane), () -> view + " " + lane);
      } else {
        boolean allFree = view.lanes().stream().allMatch(s -> !s.alive() || s.room());
        boolean idle = view.lanes().stream().allMatch(s -> !s.alive() || s.inFlight() == 0);
        boolean anyRoom = view.lanes().stream().anyMatch(Sight::room);
        assertFalse(allFree && idle && anyRoom, () -> "waits for nothing: " + view);
      }
    }
  }

  private static View randomView(SplittableRandom random) {
    Sight[] lanes = new Sight[random.nextInt(1, 9)];
    for (int lane = 0; lane < lanes.length; lane++) {
      boolean alive = random.nextInt(5) > 0;
      boolean room = alive && random.nextBoolean();
      long inFlight = random.nextBoolean() ? 0 : random.nextLong(16 * CHUNK);
      long rate = random.nextBoolean() ? 0 : random.nextLong(1, 2_000_000_000L);
      lanes[lane] = new Sight(alive, room, inFlight, rate);
    }
    return View.of(lanes);
  }

  @Test
  void roundRobinWaitsForItsLaneUnlessItIsDead() {
    var busy = View.of(new Sight(true, true, 0, 0), new Sight(true, false, CHUNK, 0));
    var dead = View.of(new Sight(true, true, 0, 0), new Sight(false, false, 0, 0));
    var scheduler = new RoundRobin();
    assertEquals(0, scheduler.pick(busy, 4, CHUNK, CHUNK));
    assertEquals(ChunkScheduler.WAIT, scheduler.pick(busy, 5, CHUNK, CHUNK));
    assertEquals(0, scheduler.pick(dead, 5, CHUNK, CHUNK));
  }

  @Test
  void weightsAreKeptAndSpread() {
    var free = new Sight(true, true, 0, 0);
    var view = View.of(free, free, free);
    var scheduler = new Weighted(4, 2, 1);
    int[] picks = new int[14];
    int[] counts = new int[3];
    for (int chunk = 0; chunk < picks.length; chunk++) {
      picks[chunk] = scheduler.pick(view, chunk, CHUNK, CHUNK);
      counts[picks[chunk]]++;
    }
    assertArrayEquals(new int[] {8, 4, 2}, counts);
    assertArrayEquals(new int[] {0, 1, 0, 2, 0, 1, 0}, Arrays.copyOf(picks, 7));
  }

  @Test
  void lanesWithoutWeightServeOnlyWhenTheOthersAreDead() {
    var dead = new Sight(false, false, 0, 0);
    var free = new Sight(true, true, 0, 0);
    assertEquals(1, new Weighted(1).pick(View.of(dead, free), 0, CHUNK, CHUNK));
    assertEquals(0, new Weighted(1).pick(View.of(free, free), 7, CHUNK, CHUNK));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"weighted:", "weighted:1,x", "weighted:-1,2", "weighted:0,0", "roundrobin"})
  void whatNamesNoSchedulerIsRefused(String text) {
    assertEquals(
        ErrorCode.INVALID_ARGUMENT,
        assertThrows(HawserException.class, () -> ChunkScheduler.parse(text)).code());
  }

  @Test
  void aMisspeltSchedulerIsToldTheNearest() {
    var refusal = assertThrows(HawserException.class, () -> ChunkScheduler.parse("adaptiv"));
    assertTrue(refusal.getMessage().contains("did you mean adaptive"), refusal::getMessage);
  }
}
