package org.hawser.simp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What some parties of a job decide together: each tells the first of them, which tells all, in the
 * order and under the keys that mplang's parties expect.
 */
final class Collectives {
  private final Conversation conversation;
  private final int rank;
  private final int[] parties;

  /**
   * @param parties who takes part, this party among them
   */
  Collectives(Job job, int[] parties) {
    this.conversation = job.conversation();
    this.rank = job.rank();
    this.parties = Arrays.stream(parties).sorted().distinct().toArray();
    if (Arrays.binarySearch(this.parties, rank) < 0) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d is not one of the parties %s".formatted(rank, Arrays.toString(this.parties)));
    }
  }

  /** The parties, ascending. */
  int[] parties() {
    return parties;
  }

  /** Whether it holds at all of them. */
  boolean all(boolean value) {
    return reduce(value, true);
  }

  /** Whether it holds at one of them at least. */
  boolean any(boolean value) {
    return reduce(value, false);
  }

  /** Everybody's values, in the order of the parties. */
  List<?> gather(Object value) {
    if (rank != root()) {
      conversation.send(root(), value);
      Object gathered = conversation.receive(root());
      if (gathered instanceof List<?> list && list.size() == parties.length) {
        return list;
      }
      throw unexpected("a list of %d values".formatted(parties.length));
    }
    List<Object> gathered = new ArrayList<>();
    gathered.add(value);
    for (int i = 1; i < parties.length; i++) {
      gathered.add(conversation.receive(parties[i]));
    }
    tellAll(gathered);
    return gathered;
  }

  /** Until one party says the opposite of {@code neutral}, that is the result. */
  private boolean reduce(boolean value, boolean neutral) {
    if (rank != root()) {
      conversation.send(root(), value);
      return truth(conversation.receive(root()));
    }
    boolean result = value;
    for (int i = 1; i < parties.length; i++) {
      boolean other = truth(conversation.receive(parties[i]));
      result = other == neutral ? result : other;
    }
    tellAll(result);
    return result;
  }

  private int root() {
    return parties[0];
  }

  private void tellAll(Object value) {
    for (int i = 1; i < parties.length; i++) {
      conversation.send(parties[i], value);
    }
  }

  private boolean truth(Object told) {
    if (told instanceof Boolean value) {
      return value;
    }
    throw unexpected("a truth value");
  }

  private HawserException unexpected(String wanted) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "rank %d expected %s of its peers: do all parties run the same graph?"
            .formatted(rank, wanted));
  }
}
