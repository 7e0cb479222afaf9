package org.hawser.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.hawser.HawserException;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.hawser.simp.SimpHttpDriver;
import org.hawser.simp.SimpHttpWorker;
import org.hawser.simp.WorkerOptions;

/**
 * SIMP jobs over HTTP. What the workers say to each other, and what the driver asks them, passes
 * relays, which cut, reset, delay and refuse connections.
 */
final class HttpJobs implements Stage {
  private static final int EVERY = 40;
  private static final int MOST_NUMBERS = 40_000;

  @Override
  public String name() {
    return "http";
  }

  @Override
  public int share() {
    return 60;
  }

  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    List<String> kinds = List.of("reset", "cut", "pause", "refuse");
    long[] at = new long[Work.PARTIES];
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int end = i % Work.PARTIES;
      at[end] += 1 + random.nextInt(2 * EVERY);
      String kind = kinds.get(random.nextInt(kinds.size()));
      int amount = kind.equals("pause") ? 5 + random.nextInt(200) : 1 + random.nextInt(3);
      faults.add(new Fault(name(), end, at[end], 0, kind, amount));
    }
    return faults;
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    var options = HttpOptions.DEFAULT.withPatience(Duration.ofSeconds(10));
    List<HttpNode> nodes = new ArrayList<>();
    List<Relay> relays = new ArrayList<>();
    for (int rank = 0; rank < Work.PARTIES; rank++) {
      int end = rank;
      nodes.add(HttpNode.open(options));
      relays.add(
          new Relay(
              nodes.get(rank).address(),
              faults.stream().filter(fault -> fault.end() == end).toList()));
    }
    List<String> places = relays.stream().map(Relay::place).toList();
    var limits = WorkerOptions.DEFAULT.withPeerTimeout(Waits.LONG).withJobTimeout(Waits.LONG);
    try (var _ = SimpHttpWorker.over(nodes.get(0), 0, places, Work.registry(), limits);
        var _ = SimpHttpWorker.over(nodes.get(1), 1, places, Work.registry(), limits)) {
      drive(options, places, relays, tally);
    }
    for (Relay relay : relays) {
      tally.faults.addAndGet(relay.injected());
      relay.close();
    }
  }

  private static void drive(
      HttpOptions options, List<String> places, List<Relay> relays, Tally tally) {
    var choices = new SplittableRandom(tally.seed);
    long end = System.nanoTime() + Enough.LIMIT.toNanos();
    try (var driver = SimpHttpDriver.connect(options, places, Waits.LONG)) {
      for (long job = 0;
          !relays.stream().allMatch(Relay::isDone) && System.nanoTime() < end;
          job++) {
        long number = job;
        int count = 1 + choices.nextInt(MOST_NUMBERS);
        Waits.within(
            tally,
            Waits.LONG.multipliedBy(2),
            "http job " + job,
            () -> {
              Work.runAndCheck(driver, number, count, "", tally);
              return null;
            });
      }
    } catch (HawserException e) {
      tally.lost(1, "http: " + e.getMessage());
    }
  }
}
