package org.hawser.cli.perf;

/** What is measured; the names are the words of {@code --op}. */
public enum Operation {
  /** One way: the client sends. */
  bw,
  /** Both ways at once. */
  bibw,
  /** One message to and fro. */
  lat
}
