package org.hawser.trust;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.HawserException;

/**
 * Reloads an identity when its files have changed, for processes that outlive their certificates.
 * Files that cannot be used, as when only half of them are written, are tried again; until they can
 * be all is as before. A thread of its own looks, until this is closed.
 */
public final class Renewal implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Renewal.class.getName());

  private final Identity identity;
  private final Duration every;
  private final Thread thread;
  private List<Object> read;
  private String told = "";

  private Renewal(Identity identity, Duration every) {
    this.identity = identity;
    this.every = every;
    read = look();
    thread = Thread.ofVirtual().name("hawser-renewal").unstarted(this::run);
  }

  /**
   * Begins to look.
   *
   * @param every how often
   */
  public static Renewal of(Identity identity, Duration every) {
    var renewal = new Renewal(identity, every);
    renewal.thread.start();
    return renewal;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(every);
        List<Object> now = look();
        if (!now.equals(read)) {
          reload(now);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** What tells that a file is another: when it was written, and which one it is. */
  private List<Object> look() {
    List<Object> seen = new ArrayList<>();
    for (Path file : identity.files()) {
      try {
        seen.add(Files.getAttribute(file, "unix:ctime"));
        seen.add(Files.getAttribute(file, "unix:ino"));
      } catch (IOException e) {
        seen.add(file); // It is not there now.
      }
    }
    return seen;
  }

  private void reload(List<Object> now) {
    try {
      identity.reload();
      read = now;
      told = "";
      LOG.log(Level.INFO, "{0} is renewed", identity);
    } catch (HawserException e) {
      if (!told.equals(e.getMessage())) {
        told = e.getMessage();
        LOG.log(Level.WARNING, "{0} stays as it was: {1}", identity, told);
      }
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
