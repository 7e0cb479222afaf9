package org.hawser.chaos;

import java.util.List;

/**
 * {@code --seed S --faults N [--plan] [--only STAGE,..] [--json]}: injects N faults into work of
 * every kind, which all runs at once, in an order that follows from S, and ends with one JSON
 * object on standard output. {@code --plan} only prints the faults. Fails when anything was lost,
 * doubled, wrong, late or crashed, or when not all faults came about.
 */
public final class Chaos {
  private static final List<Stage> STAGES =
      List.of(
          new Transfers(),
          new Messages(),
          new LaneJobs(),
          new HttpJobs(),
          new Programs(),
          new Processes(),
          new Cables());

  private long seed = 1;
  private int faults = 1000;
  private boolean planOnly;
  private boolean json;
  private List<String> only = List.of();

  private Chaos() {}

  public static void main(String[] arguments) throws Exception {
    var chaos = new Chaos();
    if (!chaos.parse(arguments)) {
      System.err.println(
          "usage: scripts/chaos [--seed S] [--faults N] [--only STAGE,..] [--plan] [--json]");
      System.exit(2);
    }
    System.exit(chaos.run() ? 0 : 1);
  }

  private boolean parse(String[] arguments) {
    try {
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--seed" -> seed = Long.parseLong(arguments[++i]);
          case "--faults" -> faults = Integer.parseUnsignedInt(arguments[++i]);
          case "--only" -> only = List.of(arguments[++i].split(","));
          case "--plan" -> planOnly = true;
          case "--json" -> json = true;
          default -> {
            return false;
          }
        }
      }
      return STAGES.stream().map(Stage::name).toList().containsAll(only);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return false;
    }
  }

  private boolean run() throws Exception {
    List<Stage> stages =
        STAGES.stream().filter(stage -> only.isEmpty() || only.contains(stage.name())).toList();
    Round round = Round.plan(stages, seed, faults);
    if (planOnly) {
      round.faults().forEach(System.out::println);
      return true;
    }
    var tally = new Tally(seed);
    round.run(tally, !json);
    long planned = round.faults().size();
    if (tally.faults.get() < planned) {
      Tally.say("only %d of %d faults came about".formatted(tally.faults.get(), planned));
    }
    System.out.println(tally.toJson());
    return tally.isClean() && tally.faults.get() >= planned;
  }
}
