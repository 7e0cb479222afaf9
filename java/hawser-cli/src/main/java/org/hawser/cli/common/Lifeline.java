package org.hawser.cli.common;

import java.io.IOException;
import java.io.OutputStream;
import picocli.CommandLine.Option;

/** The option of commands that {@link PeerProcess} starts: they end with whoever started them. */
public final class Lifeline {
  static final String OPTION = "--until-input-ends";

  @Option(names = OPTION, hidden = true)
  private boolean untilInputEnds;

  /** Whether another process of this program started this one. */
  public boolean isGiven() {
    return untilInputEnds;
  }

  /**
   * With the option, this process ends as soon as its standard input ends: whoever started it is
   * gone then.
   */
  public void hold() {
    if (untilInputEnds) {
      Thread.ofPlatform().daemon().name("hawser-input").start(Lifeline::endWithInput);
    }
  }

  private static void endWithInput() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // As good as its end.
    }
    Runtime.getRuntime().halt(1);
  }
}
