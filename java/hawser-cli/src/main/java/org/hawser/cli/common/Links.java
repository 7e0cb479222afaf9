package org.hawser.cli.common;

import org.hawser.HawserException;
import org.hawser.lane.Link;

/** The end of links that are of no further use. */
public final class Links {
  private Links() {}

  /**
   * Closes a link after a failure, which it keeps in front: what closing has to say is added to it.
   * Every transfer of the link has ended then.
   */
  public static void closeAfter(Exception failure, Link link) {
    try {
      link.close();
    } catch (HawserException e) {
      failure.addSuppressed(e);
    }
  }
}
