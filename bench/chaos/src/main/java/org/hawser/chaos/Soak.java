package org.hawser.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.hawser.HawserException;
import org.hawser.Json;
import org.hawser.http.HttpOptions;
import org.hawser.simp.SimpHttpDriver;

/**
 * {@code [--minutes M] [--seed S] [--only STAGE,..] [--plot FILE.svg] [--json]}: work of every kind
 * for so long, while memory, live heap, threads and descriptors of its three processes are measured
 * each second. Two nodes stay together all the time, over lanes and ports with faults, and serve
 * jobs; this process opens, runs and closes stages round after round. Ends with one JSON object on
 * standard output, and fails unless everything is flat and nothing was lost, doubled, wrong, late
 * or crashed.
 */
public final class Soak {
  private static final List<Stage> STAGES =
      List.of(new Transfers(), new Messages(), new LaneJobs(), new HttpJobs(), new Programs());
  private static final int FAULTS_A_ROUND = 40;
  private static final int NODE_FAULTS_EVERY = 20_000;
  private static final int JOB_NUMBERS = 20_000;
  private static final Duration JOB = Duration.ofSeconds(30);
  private static final long JOB_PAUSE_NANOS = 100_000_000;
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final int HEAP_EVERY = 10;

  private double minutes = 30;
  private long seed = 1;
  private List<Stage> stages = STAGES;
  private Path plot;
  private boolean json;
  private Tally tally;
  private final List<Series> series = new ArrayList<>();
  private volatile long end;
  private long rounds;
  private long jobs;

  private Soak() {}

  public static void main(String[] arguments) throws Exception {
    var soak = new Soak();
    if (!soak.parse(arguments)) {
      System.err.println(
          "usage: scripts/soak [--minutes M] [--seed S] [--only STAGE,..] [--plot FILE.svg] [--json]");
      System.exit(2);
    }
    System.exit(soak.run() ? 0 : 1);
  }

  private boolean parse(String[] arguments) {
    try {
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--minutes" -> minutes = Double.parseDouble(arguments[++i]);
          case "--seed" -> seed = Long.parseLong(arguments[++i]);
          case "--only" -> stages = stagesOf(List.of(arguments[++i].split(",")));
          case "--plot" -> plot = Path.of(arguments[++i]);
          case "--json" -> json = true;
          default -> {
            return false;
          }
        }
      }
      return minutes > 0 && !stages.isEmpty();
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return false;
    }
  }

  /** None where one of the names is nothing's. */
  private static List<Stage> stagesOf(List<String> names) {
    List<Stage> chosen = STAGES.stream().filter(stage -> names.contains(stage.name())).toList();
    return chosen.size() == names.size() ? chosen : List.of();
  }

  private boolean run() throws Exception {
    tally = new Tally(seed);
    Path folder = Files.createTempDirectory("hawser-soak-");
    try {
      work(folder);
    } finally {
      Round.delete(folder);
    }
    if (plot != null) {
      Files.writeString(
          plot, Plot.of("scripts/soak --minutes %s --seed %d".formatted(minutes, seed), series));
    }
    boolean flat = series.stream().allMatch(Series::isFlat);
    System.out.println(Json.write(told(flat)));
    return flat && tally.isClean();
  }

  private void work(Path folder) throws Exception {
    List<Path> stores = new ArrayList<>();
    List<List<String>> prefixes = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      stores.add(Files.createDirectory(folder.resolve("store-" + rank)));
      prefixes.add(List.of("env", "HAWSER_NET=" + faultyNet(rank)));
    }
    List<String> places = Processes.loopback(4);
    try (var pair = new NodePair(prefixes, "=lo,lo,lo,lo", places, stores, folder, tally)) {
      List<Long> partings = pair.partings();
      end = System.nanoTime() + (long) (minutes * 60 * SECOND_NANOS);
      var crew = new Crew("soak", tally);
      crew.start(this::round);
      crew.start(() -> ask(places.subList(2, 4)));
      sample(pair);
      crew.join(Enough.LIMIT.multipliedBy(2));
      if (!pair.partings().equals(partings)) {
        tally.lost(1, "the nodes were parted: " + pair.node(0).parting());
      }
    }
  }

  private String faultyNet(int rank) {
    return "fault:seed=%d,faults=1000000,every=%d,kinds=reset+cut+silence+pause+slow+late+corrupt,net=socket"
        .formatted(seed + rank, NODE_FAULTS_EVERY);
  }

  private boolean isOver() {
    return System.nanoTime() > end;
  }

  private void round() throws Exception {
    for (; !isOver(); rounds++) {
      Round.plan(stages, seed + rounds, FAULTS_A_ROUND).run(tally, !json);
      // A moment in which this process holds nothing but what rounds leave, seen by a sample.
      LockSupport.parkNanos(2 * SECOND_NANOS);
    }
  }

  /** Jobs for the nodes, each by a driver of its own. */
  private void ask(List<String> places) {
    var options = HttpOptions.DEFAULT.withPatience(Duration.ofSeconds(10));
    for (; !isOver(); jobs++) {
      try (var driver = SimpHttpDriver.connect(options, places, JOB)) {
        Work.runAndCheck(driver, jobs, JOB_NUMBERS, "result", tally);
      } catch (HawserException e) {
        tally.lost(JOB_NUMBERS * 8L, "job %d: %s".formatted(jobs, e.getMessage()));
      }
      LockSupport.parkNanos(JOB_PAUSE_NANOS);
    }
  }

  private void sample(NodePair pair) throws IOException {
    long next = System.nanoTime();
    List<Sampled> processes =
        List.of(
            new Sampled("rounds", null),
            new Sampled("node 0", pair.node(0)),
            new Sampled("node 1", pair.node(1)));
    for (long second = 0; !isOver(); second++) {
      for (Sampled process : processes) {
        process.sample(second % HEAP_EVERY == 0);
      }
      next += SECOND_NANOS;
      LockSupport.parkNanos(Math.max(0, next - System.nanoTime()));
    }
  }

  /** The series of one process: of a node, or without one of this. */
  private final class Sampled {
    private final NodeProcess node;
    private final Series memory;
    private final Series heap;
    private final Series threads;
    private final Series descriptors;
    private long ownHeap;

    Sampled(String name, NodeProcess node) {
      this.node = node;
      memory = series(name, Series.Measure.MEMORY);
      heap = series(name, Series.Measure.HEAP);
      threads = series(name, Series.Measure.THREADS);
      descriptors = series(name, Series.Measure.DESCRIPTORS);
    }

    private Series series(String name, Series.Measure measure) {
      var made = new Series(name, measure);
      series.add(made);
      return made;
    }

    void sample(boolean withHeap) throws IOException {
      if (withHeap && node == null) {
        ownHeap = Measured.heap();
      } else if (withHeap) {
        node.askHeap();
      }
      var measured = Measured.of(node == null ? ProcessHandle.current().pid() : node.pid());
      memory.add(measured.memory());
      heap.add(node == null ? ownHeap : node.heap());
      threads.add(measured.threads());
      descriptors.add(measured.descriptors());
    }
  }

  private Map<String, Object> told(boolean flat) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("seed", seed);
    object.put("minutes", minutes);
    object.put("rounds", rounds);
    object.put("jobs", jobs);
    object.put("faults", tally.faults.get());
    object.put("bytes", tally.bytes.get());
    object.put("clean", tally.isClean());
    object.put("flat", flat);
    object.put("series", series.stream().map(Series::told).toList());
    return object;
  }
}
