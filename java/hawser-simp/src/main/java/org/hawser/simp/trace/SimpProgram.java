package org.hawser.simp.trace;

/** A program over many parties, as it is written. */
@FunctionalInterface
public interface SimpProgram {
  /** Says what the program does. Called once, by the thread that traces it. */
  void define(Tracer tracer);
}
