package org.hawser.cli.files;

import java.util.List;
import java.util.Locale;
import org.hawser.cli.common.Bar;

/** How far a file is. One thread moves it on, another may look. */
public final class Progress {
  private static final int WIDTH = 40;

  private volatile String name = "";
  private volatile long total;
  private volatile long done;
  private volatile long began;

  void begin(String file, long bytes) {
    done = 0;
    total = bytes;
    began = System.nanoTime();
    name = file;
  }

  void reached(long bytes) {
    done = bytes;
  }

  /** The progress bar, as {@link org.hawser.cli.common.LiveLines} shows it. */
  public List<String> lines() {
    if (name.isEmpty()) {
      return List.of();
    }
    long now = done;
    double share = total == 0 ? 1 : (double) now / total;
    double seconds = (System.nanoTime() - began) / 1e9;
    return List.of(
        String.format(
            Locale.ROOT,
            "%s %s %5.1f %%  %.2f Gbit/s",
            name,
            Bar.of(share, WIDTH),
            100 * share,
            now * 8 / seconds / 1e9));
  }
}
