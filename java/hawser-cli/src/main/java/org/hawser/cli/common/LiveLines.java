package org.hawser.cli.common;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;

/**
 * Lines that change in place while something goes on, and are gone when it has ended. Only a
 * terminal shows them.
 */
public final class LiveLines implements AutoCloseable {
  private static final long INTERVAL_MS = 250;
  private static final String UP = "\u001b[%dA";
  private static final String CLEAR_TO_END = "\u001b[J";

  private final PrintWriter out;
  private final Supplier<List<String>> lines;
  private final Thread painter;
  private int shown;

  private LiveLines(PrintWriter out, Supplier<List<String>> lines) {
    this.out = out;
    this.lines = lines;
    this.painter = Thread.ofPlatform().daemon().name("hawser-lines").unstarted(this::paint);
  }

  /**
   * Shows lines until closed.
   *
   * @param lines called by another thread, four times a second
   */
  public static LiveLines show(PrintWriter out, Supplier<List<String>> lines) {
    var live = new LiveLines(out, lines);
    if (isTerminal()) {
      live.painter.start();
    }
    return live;
  }

  private static boolean isTerminal() {
    var console = System.console();
    return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
  }

  private void paint() {
    try {
      while (true) {
        Thread.sleep(INTERVAL_MS);
        List<String> now = lines.get();
        erase();
        now.forEach(out::println);
        shown = now.size();
        out.flush();
      }
    } catch (InterruptedException e) {
      erase();
    }
  }

  private void erase() {
    if (shown > 0) {
      out.print(UP.formatted(shown) + CLEAR_TO_END);
      out.flush();
      shown = 0;
    }
  }

  @Override
  public void close() {
    painter.interrupt();
    try {
      painter.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
