package org.hawser.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Platform threads that work at the same time; what one of them throws, and should not, counts as a
 * crash.
 */
final class Crew {
  private final String name;
  private final Tally tally;
  private final List<Thread> threads = new ArrayList<>();

  Crew(String name, Tally tally) {
    this.name = name;
    this.tally = tally;
  }

  interface Work {
    void run() throws Exception;
  }

  void start(Work work) {
    threads.add(
        Thread.ofPlatform()
            .daemon()
            .name("chaos-" + name + "-" + threads.size())
            .start(
                () -> {
                  try {
                    work.run();
                  } catch (Exception | Error e) {
                    tally.crashed(name + ": " + e);
                    e.printStackTrace();
                  }
                }));
  }

  /** Waits for all; who has not ended then waits without a bound. */
  void join(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    for (Thread thread : threads) {
      if (!thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
        tally.late("%s: %s has not ended within %s".formatted(name, thread.getName(), limit));
        Tally.say(List.of(thread.getStackTrace()).toString());
      }
    }
  }
}
