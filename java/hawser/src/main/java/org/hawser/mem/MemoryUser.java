package org.hawser.mem;

/**
 * Something that reads or writes memory after the call that handed the memory over has returned,
 * such as an engine.
 */
public interface MemoryUser {
  /**
   * Whether it may still touch any of the {@code bytes} at {@code address}. Called by any thread;
   * must not block.
   */
  boolean uses(long address, long bytes);
}
