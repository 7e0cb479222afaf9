package org.hawser.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.hawser.HawserException;

/** Tagged messages of two ranks over lanes with faults. */
final class Messages implements Stage {
  private static final int EVERY = 60;
  private static final int TOPICS = 4;

  @Override
  public String name() {
    return "messages";
  }

  @Override
  public int share() {
    return 250;
  }

  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    return NetFaults.draw(name(), random, count, 2, EVERY);
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    try (var parties = new LaneParties(faults, 2, folder)) {
      BooleanSupplier enough = Enough.of(parties.lanes());
      var crew = new Crew(name(), tally);
      for (int topic = 0; topic < TOPICS; topic++) {
        for (int rank = 0; rank < 2; rank++) {
          int mine = rank;
          String about = "topic" + topic + ".";
          crew.start(() -> talk(parties, mine, about, enough, tally));
        }
      }
      crew.join(Enough.LIMIT.plus(Duration.ofSeconds(60)));
      tally.faults.addAndGet(parties.injected());
    }
  }

  /** Ends when both have had enough, which both know at the same message. */
  private static void talk(
      LaneParties parties, int rank, String topic, BooleanSupplier enough, Tally tally) {
    try (var talk = new Talk(parties.rank(rank), 1 - rank, topic, tally.seed, tally)) {
      long mine;
      long theirs;
      do {
        mine = enough.getAsBoolean() ? 1 : 0;
        theirs = talk.round(mine);
      } while (mine == 0 || theirs == 0);
    } catch (HawserException e) {
      tally.lost(1, "messages: rank %d: %s".formatted(rank, e.getMessage()));
    }
  }
}
