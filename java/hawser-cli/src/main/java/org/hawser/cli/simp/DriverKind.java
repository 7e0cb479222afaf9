package org.hawser.cli.simp;

/** How a program gets to its parties, by the names that options have. */
enum DriverKind {
  /** Threads of this process. */
  sim,
  /** Workers that serve HTTP. */
  http,
  /** Workers over lanes. */
  lanes
}
