package org.hawser.simp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A value on parties, as the host knows it: where each party keeps its part. The parts themselves
 * stay on the workers until {@link SimpHost#fetch}.
 *
 * @param uris one a rank, null where that party has none
 */
public record HostVar(List<String> uris) {
  public HostVar {
    uris = Collections.unmodifiableList(new ArrayList<>(uris));
  }

  /** Where rank {@code rank} keeps its part, null when it has none. */
  public String uri(int rank) {
    return uris.get(rank);
  }

  /** The parties that have a part, ascending. */
  public List<Integer> parties() {
    return IntStream.range(0, uris.size())
        .filter(rank -> Objects.nonNull(uris.get(rank)))
        .boxed()
        .toList();
  }
}
