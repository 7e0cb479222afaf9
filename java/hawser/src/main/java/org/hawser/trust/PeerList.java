package org.hawser.trust;

import java.util.Map;
import java.util.TreeMap;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Ranks and their names as one text: {@code 0=alice,1=bob.example}. */
public final class PeerList {
  private PeerList() {}

  /**
   * @throws HawserException (INVALID_ARGUMENT) when it is no such text, or names a rank twice
   */
  public static Map<Integer, String> parse(String text) {
    Map<Integer, String> peers = new TreeMap<>();
    for (String pair : text.split(",")) {
      int equals = pair.indexOf('=');
      String name = pair.substring(equals + 1).strip();
      if (equals < 1
          || name.isEmpty()
          || peers.put(rank(pair.substring(0, equals)), name) != null) {
        throw invalid(pair);
      }
    }
    return peers;
  }

  private static int rank(String text) {
    try {
      return Integer.parseUnsignedInt(text.strip());
    } catch (NumberFormatException e) {
      throw invalid(text);
    }
  }

  private static HawserException invalid(String part) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "'%s' is no rank and its name: it is written 0=alice,1=bob".formatted(part));
  }
}
