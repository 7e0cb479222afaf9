package org.hawser.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Link;

/** Messages over one link in both directions at once, whose two ends both have faults. */
final class Transfers implements Stage {
  private static final int EVERY = 250;

  @Override
  public String name() {
    return "transfers";
  }

  @Override
  public int share() {
    return 450;
  }

  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    return NetFaults.draw(name(), random, count, 2, EVERY);
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    try (var left = FaultyLanes.open(faults, 0, 0, folder);
        var right = FaultyLanes.open(faults, 1, 1, folder);
        LaneServer server = right.lanes().listen("127.0.0.1", 0)) {
      var accepted = CompletableFuture.supplyAsync(() -> server.accept(Waits.LONG));
      Link there = left.lanes().connect("127.0.0.1", server.port(), Waits.LONG);
      Link back = accepted.get();
      BooleanSupplier enough = Enough.of(List.of(left, right));
      var flows =
          List.of(
              new Flow("transfers, there", tally.seed, there, back, 1, tally),
              new Flow("transfers, back", ~tally.seed, back, there, 2, tally));
      var crew = new Crew(name(), tally);
      for (Flow flow : flows) {
        crew.start(() -> flow.send(enough));
        crew.start(flow::receive);
      }
      crew.join(Enough.LIMIT.plus(Duration.ofSeconds(60)));
      flows.forEach(Flow::compare);
      flows.forEach(Flow::close);
      tally.faults.addAndGet(left.injected() + right.injected());
    }
  }
}
