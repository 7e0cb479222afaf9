package org.hawser.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.hawser.HawserException;
import org.hawser.simp.SimpLaneDriver;
import org.hawser.simp.SimpLaneWorker;
import org.hawser.simp.WorkerOptions;

/** SIMP jobs of two workers and a driver over lanes with faults. */
final class LaneJobs implements Stage {
  private static final int EVERY = 40;
  private static final int MOST_NUMBERS = 40_000;

  @Override
  public String name() {
    return "jobs";
  }

  @Override
  public int share() {
    return 150;
  }

  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    return NetFaults.draw(name(), random, count, Work.PARTIES + 1, EVERY);
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    var parties = new LaneParties(faults, Work.PARTIES + 1, folder);
    var crew = new Crew(name(), tally);
    try (parties) {
      for (int rank = 0; rank < Work.PARTIES; rank++) {
        var worker = new SimpLaneWorker(parties.rank(rank), Work.registry(), WorkerOptions.DEFAULT);
        crew.start(() -> serve(worker));
      }
      BooleanSupplier enough = Enough.of(parties.lanes());
      var choices = new SplittableRandom(tally.seed);
      try (var driver = new SimpLaneDriver(parties.rank(Work.PARTIES), Waits.LONG)) {
        for (long job = 0; !enough.getAsBoolean(); job++) {
          long number = job;
          int count = 1 + choices.nextInt(MOST_NUMBERS);
          Waits.within(
              tally,
              Waits.LONG.multipliedBy(2),
              "job " + job,
              () -> {
                Work.runAndCheck(driver, number, count, "", tally);
                return null;
              });
        }
      } catch (HawserException e) {
        tally.lost(1, "jobs: " + e.getMessage());
      }
      tally.faults.addAndGet(parties.injected());
    }
    crew.join(Duration.ofSeconds(60));
  }

  private static void serve(SimpLaneWorker worker) {
    try (worker) {
      worker.serve();
    } catch (HawserException e) {
      // The driver closes first: what the worker had still to say to it is of no use.
    }
  }
}
