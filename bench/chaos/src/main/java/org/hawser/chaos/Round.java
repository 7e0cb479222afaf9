package org.hawser.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The faults of one run of several stages at once, in an order that follows from a seed. */
final class Round {
  private final Map<Stage, List<Fault>> plan;

  private Round(Map<Stage, List<Fault>> plan) {
    this.plan = plan;
  }

  /**
   * Deals faults out to those of the stages that this machine can run. Each draws from a source of
   * its own: leaving one out changes no other's faults.
   */
  static Round plan(List<Stage> stages, long seed, int faults) {
    List<Stage> usable = new ArrayList<>();
    for (Stage stage : stages) {
      if (stage.obstacle().isEmpty()) {
        usable.add(stage);
      } else {
        Tally.say("%s is left out: %s".formatted(stage.name(), stage.obstacle()));
      }
    }
    int shares = usable.stream().mapToInt(Stage::share).sum();
    Map<Stage, List<Fault>> plan = new LinkedHashMap<>();
    int left = faults;
    for (Stage stage : usable) {
      boolean last = stage == usable.getLast();
      int count = last ? left : (int) Math.min(left, (long) faults * stage.share() / shares);
      left -= count;
      plan.put(stage, stage.draw(new SplittableRandom(seed + stage.name().hashCode()), count));
    }
    return new Round(plan);
  }

  List<Fault> faults() {
    return plan.values().stream().flatMap(List::stream).toList();
  }

  /** Runs all stages to their end, and says how long each took if it is {@code told}. */
  void run(Tally tally, boolean told) throws Exception {
    Path folder = Files.createTempDirectory("hawser-chaos-");
    try {
      var crew = new Crew("stages", tally);
      plan.forEach((stage, drawn) -> crew.start(() -> run(stage, drawn, folder, tally, told)));
      crew.join(Enough.LIMIT.multipliedBy(2));
    } finally {
      delete(folder);
    }
  }

  private static void run(Stage stage, List<Fault> drawn, Path folder, Tally tally, boolean told)
      throws Exception {
    long start = System.nanoTime();
    try {
      stage.run(drawn, Files.createDirectory(folder.resolve(stage.name())), tally);
    } catch (Exception e) {
      tally.crashed("%s: %s".formatted(stage.name(), e));
      e.printStackTrace();
    }
    if (told) {
      Tally.say(
          "%s: %d faults, %.1f s"
              .formatted(stage.name(), drawn.size(), (System.nanoTime() - start) / 1e9));
    }
  }

  /** Deletes a folder with all that is in it. */
  static void delete(Path folder) throws IOException {
    try (var all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
