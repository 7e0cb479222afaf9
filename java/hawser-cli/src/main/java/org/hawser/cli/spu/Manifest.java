package org.hawser.cli.spu;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What a party is about to do. All must say the same but for the inputs that they own.
 *
 * @param program the SHA-256 of its text
 * @param revealTo null for all
 * @param owned the names of the inputs that this party has
 */
record Manifest(
    String program, String protocol, String field, Integer revealTo, List<String> owned) {

  /**
   * Who owns which input.
   *
   * @param all one a party
   * @throws HawserException (INVALID_ARGUMENT) when the parties mean different things
   */
  static Map<String, Integer> owners(List<Manifest> all) {
    Map<String, Integer> owners = new TreeMap<>();
    Manifest first = all.getFirst();
    for (int rank = 0; rank < all.size(); rank++) {
      Manifest other = all.get(rank);
      requireSame("program", rank, first.program, other.program);
      requireSame("--protocol", rank, first.protocol, other.protocol);
      requireSame("--field", rank, first.field, other.field);
      requireSame("--reveal-to", rank, first.revealTo, other.revealTo);
      for (String name : other.owned) {
        Integer owner = owners.put(name, rank);
        if (owner != null) {
          throw invalid("both rank %d and rank %d give input %s".formatted(owner, rank, name));
        }
      }
    }
    return owners;
  }

  private static void requireSame(String what, int rank, Object first, Object other) {
    if (!Objects.equals(first, other)) {
      throw invalid(
          "the parties do not run the same: %s is %s at rank 0 and %s at rank %d"
              .formatted(what, first, other, rank));
    }
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
