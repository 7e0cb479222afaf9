package org.hawser.simp;

/**
 * Values between the parties of one job. A message's key is {@code job:n}, where {@code n} counts
 * what the two parties have told each other, in both directions together: as mplang numbers them.
 * One thread uses it.
 */
public interface Conversation {
  /** Sends a value; ends when the peer's communicator has it, or a copy of it is on the way. */
  void send(int to, Object value);

  /** Waits for the peer's next value. */
  Object receive(int from);

  /** Both at once, under one number: neither waits for the other to receive first. */
  Object exchange(int peer, Object value);
}
