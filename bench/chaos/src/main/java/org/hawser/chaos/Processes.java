package org.hawser.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.hawser.HawserException;
import org.hawser.http.HttpOptions;
import org.hawser.simp.SimpHttpDriver;

/**
 * Two processes that talk over lanes and ports and serve SIMP jobs over HTTP. They are stopped for
 * a while, which must part nobody; killed and started anew, which the other must notice, and both
 * must find together again; and run out of descriptors, memory and disk for a while.
 */
final class Processes implements Stage {
  private static final int MOST_STOP = 3000;
  private static final int MOST_SHORTAGE = 500;
  private static final Duration JOB = Duration.ofSeconds(15);
  private static final int JOB_NUMBERS = 20_000;
  private static final long SPARE_MEMORY = 64L << 20;

  private final AtomicLong jobs = new AtomicLong();

  /** What a job is expected to come to. */
  private enum Outcome {
    SUCCESS,
    FAILURE,
    EITHER
  }

  @Override
  public String name() {
    return "processes";
  }

  @Override
  public int share() {
    return 8;
  }

  /** The first ones are one of each kind. */
  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    List<String> kinds = List.of("stop", "kill", "descriptors", "disk", "memory", "stop", "kill");
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String kind = kinds.get(i < kinds.size() ? i : random.nextInt(kinds.size()));
      int amount =
          switch (kind) {
            case "kill" -> 1;
            case "stop" -> 50 + random.nextInt(MOST_STOP);
            default -> 100 + random.nextInt(MOST_SHORTAGE);
          };
      faults.add(new Fault(name(), random.nextInt(2), i, 0, kind, amount));
    }
    return faults;
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    List<String> places = loopback(4);
    try (var left = Disk.open(folder.resolve("store-0"));
        var right = Disk.open(folder.resolve("store-1"));
        var pair =
            new NodePair(
                List.of(List.of(), List.of()),
                "=lo,lo,lo,lo",
                places,
                List.of(left.folder(), right.folder()),
                folder,
                tally)) {
      List<String> http = places.subList(2, 4);
      for (Fault fault : faults) {
        inject(fault, pair, fault.end() == 0 ? left : right, http, tally);
        runJob(http, Outcome.SUCCESS, tally);
        tally.faults.incrementAndGet();
      }
    }
  }

  /** Free places on loopback, which nothing else of this machine is likely to take meanwhile. */
  static List<String> loopback(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    List<String> places = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      places.add("127.0.0.1:" + socket.getLocalPort());
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    return places;
  }

  private void inject(Fault fault, NodePair pair, Disk disk, List<String> http, Tally tally)
      throws IOException {
    NodeProcess hit = pair.node(fault.end());
    List<Long> partings = pair.partings();
    switch (fault.kind()) {
      case "kill" -> {
        List<Long> before = pair.joins();
        hit.kill();
        runJob(http, Outcome.EITHER, tally);
        hit.start();
        pair.awaitJoin(before);
        return;
      }
      case "stop" -> {
        hit.signal("STOP");
        NodePair.sleep(fault.amount());
        hit.signal("CONT");
      }
      case "descriptors" -> limit(hit, "nofile", descriptors(hit.pid()), fault.amount());
      case "memory" -> limit(hit, "as", mapped(hit.pid()) + SPARE_MEMORY, fault.amount());
      case "disk" -> {
        disk.fill(hit.pid());
        runJob(http, Outcome.FAILURE, tally);
        disk.free(hit.pid());
      }
      default -> throw new IllegalArgumentException(fault.kind());
    }
    pair.requireProgress(fault, partings);
  }

  /** For so many milliseconds the process may have no more of something than this. */
  private static void limit(NodeProcess hit, String what, long most, int millis) {
    String pid = Long.toString(hit.pid());
    Commands.run("prlimit", "--pid", pid, "--%s=%d:".formatted(what, most));
    NodePair.sleep(millis);
    Commands.run(
        "prlimit",
        "--pid",
        pid,
        "--%s=%s:".formatted(what, what.equals("as") ? "unlimited" : 4096));
  }

  private static long descriptors(long pid) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return open.count();
    }
  }

  private static long mapped(long pid) throws IOException {
    String pages = Files.readString(Path.of("/proc", Long.toString(pid), "statm")).split(" ")[0];
    return Long.parseLong(pages) * 4096;
  }

  private void runJob(List<String> http, Outcome expected, Tally tally) {
    long number = jobs.getAndIncrement();
    var options = HttpOptions.DEFAULT.withPatience(Duration.ofSeconds(5));
    try {
      Waits.within(
          tally,
          JOB.multipliedBy(2),
          "job " + number,
          () -> {
            try (var driver = SimpHttpDriver.connect(options, http, JOB)) {
              Work.runAndCheck(driver, number, JOB_NUMBERS, "result", tally);
              return null;
            }
          });
      if (expected == Outcome.FAILURE) {
        tally.wrong(1, "job %d kept its result on a full disk".formatted(number));
      }
    } catch (HawserException e) {
      if (expected == Outcome.SUCCESS) {
        tally.lost(JOB_NUMBERS * 8L, "job %d: %s".formatted(number, e.getMessage()));
      }
    }
  }
}
