package org.hawser.spu;

import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** How the parties compute: libspu's protocols, by its names. */
public enum Protocol {
  /** Computes in the clear, for trying programs out: nothing is secret. */
  REF2K(1, Integer.MAX_VALUE),
  /** Any number of parties, all but one of which may collude. */
  SEMI2K(2, Integer.MAX_VALUE),
  /** Three parties, no two of which may collude. */
  ABY3(3, 3),
  /** Two parties, without a third that deals out randomness. */
  CHEETAH(2, 2),
  /** Three parties, no two of which may collude. */
  SECURENN(3, 3);

  private final int fewest;
  private final int most;

  Protocol(int fewest, int most) {
    this.fewest = fewest;
    this.most = most;
  }

  /** The number that libspu has for it. */
  public int number() {
    return ordinal() + 1;
  }

  /**
   * @throws HawserException (INVALID_ARGUMENT) when so many parties cannot run it
   */
  public void requireParties(int parties) {
    if (parties < fewest || parties > most) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s takes %s, not %d".formatted(this, partiesInWords(), parties));
    }
  }

  private String partiesInWords() {
    if (fewest == most) {
      return "exactly %d parties".formatted(fewest);
    }
    return fewest == 1 ? "1 party or more" : "%d parties or more".formatted(fewest);
  }
}
