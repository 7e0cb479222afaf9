package org.hawser.launch;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import org.hawser.HawserException;

/**
 * One rank of a job that a real launcher starts in {@link ClusterTest}. Says in one line what it
 * learned.
 *
 * <p>{@code exchange}: every rank, on a virtual thread, gets what every rank put. {@code late}: the
 * last rank stays away from the first fence until the others ran into their deadline. {@code
 * pieces}: every rank commits its values one by one while the others already ask for them, and asks
 * for one that never comes.
 */
final class LaunchProbe {
  private static final Duration ENOUGH = Duration.ofSeconds(30);

  static final int PIECES = 6;

  private LaunchProbe() {}

  public static void main(String[] arguments) throws InterruptedException {
    var failures = new ArrayList<Throwable>();
    var thread = Thread.ofVirtual().unstarted(() -> run(arguments[0]));
    thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
    thread.start();
    thread.join();
    if (!failures.isEmpty()) {
      failures.getFirst().printStackTrace();
      System.exit(1);
    }
  }

  private static void run(String mode) {
    try (var launch = Launch.detect().orElseThrow()) {
      switch (mode) {
        case "exchange" -> exchange(launch);
        case "pieces" -> pieces(launch);
        default -> late(launch);
      }
    }
  }

  private static void exchange(Launch launch) {
    launch.put("name", ("rank-" + launch.rank()).getBytes(StandardCharsets.UTF_8));
    launch.put("large", pattern(launch.rank()));
    launch.commit();
    launch.fence(ENOUGH);
    var names = new ArrayList<String>();
    for (int rank = 0; rank < launch.size(); rank++) {
      names.add(new String(launch.get(rank, "name", ENOUGH), StandardCharsets.UTF_8));
      if (!Arrays.equals(launch.get(rank, "large", ENOUGH), pattern(rank))) {
        throw new AssertionError("the large value of rank " + rank + " is not what it put");
      }
    }
    launch.fence(ENOUGH);
    say(launch, String.join(",", names));
  }

  private static void pieces(Launch launch) {
    var publisher =
        Thread.ofVirtual()
            .start(
                () -> {
                  for (int piece = 0; piece < PIECES; piece++) {
                    launch.put("piece-" + piece, new byte[] {(byte) piece});
                    launch.commit();
                    sleep(Duration.ofMillis(50));
                  }
                });
    int sum = 0;
    for (int piece = 0; piece < PIECES; piece++) {
      for (int rank = 0; rank < launch.size(); rank++) {
        sum += launch.get(rank, "piece-" + piece, ENOUGH)[0];
      }
    }
    join(publisher);
    launch.fence(ENOUGH);
    try {
      launch.get(0, "never", Duration.ofMillis(300));
      say(launch, "got what was never put");
    } catch (HawserException e) {
      say(launch, sum + ", then " + e.code());
    }
    launch.fence(ENOUGH);
  }

  private static void late(Launch launch) {
    boolean last = launch.rank() == launch.size() - 1;
    if (last) {
      sleep(Duration.ofSeconds(4));
      say(launch, "stayed away");
      return;
    }
    long start = System.nanoTime();
    try {
      launch.fence(Duration.ofSeconds(1));
      say(launch, "fence passed");
    } catch (HawserException e) {
      long tenths = (System.nanoTime() - start) / 100_000_000;
      say(launch, e.code() + (tenths < 35 ? " in time: " : " too late: ") + e.getMessage());
    }
    sleep(Duration.ofSeconds(3));
  }

  private static byte[] pattern(int rank) {
    var bytes = new byte[Launch.MAX_VALUE_BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 + rank);
    }
    return bytes;
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(Launch launch, String what) {
    // One write a line: the ranks share a terminal.
    System.out.println(
        "PROBE %s rank %d of %d local %d: %s"
            .formatted(launch.name(), launch.rank(), launch.size(), launch.localRank(), what));
  }
}
