package org.hawser.chaos;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Two processes on the two hosts of the lab, whose cables are taken down, go silent, are reset and
 * change their rates: what the kernel itself does to real connections.
 */
final class Cables implements Stage {
  private static final int LANES = 4;
  private static final int SLOW_MBIT = 20;
  private static final int FAST_MBIT = 500;

  /** scripts/lab, as scripts/chaos tells. */
  private final String lab = System.getProperty("hawser.chaos.lab", "");

  private final String labName = "chaos" + ProcessHandle.current().pid();

  @Override
  public String name() {
    return "cables";
  }

  @Override
  public int share() {
    return 12;
  }

  @Override
  public String obstacle() {
    return lab.isEmpty() || !lab("up") || !lab("down") ? "this machine cannot have a lab" : "";
  }

  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    List<String> kinds = List.of("link", "silent", "reset", "rate");
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String kind = kinds.get(random.nextInt(kinds.size()));
      int amount =
          kind.equals("rate") ? SLOW_MBIT + random.nextInt(FAST_MBIT) : random.nextInt(1500);
      faults.add(new Fault(name(), random.nextInt(2), i, random.nextInt(LANES), kind, amount));
    }
    return faults;
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    List<Path> stores = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      stores.add(Files.createDirectory(folder.resolve("store-" + rank)));
    }
    var places = List.of("10.77.1.1:7001", "10.77.1.2:7001", "10.77.1.1:7002", "10.77.1.2:7002");
    try {
      lab("up");
      List<List<String>> prefixes = List.of(on("a"), on("b"));
      try (var pair =
          new NodePair(prefixes, "eth1,eth2,eth3,eth4", places, stores, folder, tally)) {
        for (Fault fault : faults) {
          List<Long> partings = pair.partings();
          inject(fault);
          pair.requireProgress(fault, partings);
          tally.faults.incrementAndGet();
        }
      }
    } finally {
      lab("down");
    }
  }

  private List<String> on(String side) {
    return List.of("env", "HAWSER_LAB=" + labName, "HAWSER_INSECURE=1", lab, "exec", side);
  }

  private void inject(Fault fault) {
    String lane = Integer.toString(fault.lane() + 1);
    if (fault.kind().equals("rate")) {
      lab("rate", lane, fault.amount() + "mbit");
      return;
    }
    lab("cut", lane, fault.kind(), "--side", fault.end() == 0 ? "a" : "b");
    NodePair.sleep(fault.amount());
    lab("heal", lane);
  }

  private boolean lab(String... words) {
    List<String> command = new ArrayList<>(List.of("env", "HAWSER_LAB=" + labName, lab));
    command.addAll(List.of(words));
    return Commands.run(command.toArray(String[]::new));
  }
}
