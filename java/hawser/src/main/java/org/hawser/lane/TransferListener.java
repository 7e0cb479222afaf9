package org.hawser.lane;

/**
 * Is told by the thread that drives that a transfer has ended, before anybody who awaits it wakes.
 *
 * <p>That thread moves the bytes of all links: a listener must be short and must not block, wait or
 * throw. It may start transfers, on this link and on others of the same {@link Lanes}. What makes a
 * condition of {@link Lanes#await} true belongs here.
 */
@FunctionalInterface
public interface TransferListener {
  /** For transfers that somebody awaits. */
  TransferListener NONE = transfer -> {};

  /**
   * The transfer has ended, well or not: {@link Transfer#failure} tells. Nobody touches its memory
   * any more.
   */
  void ended(Transfer transfer);
}
