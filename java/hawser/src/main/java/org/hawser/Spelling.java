package org.hawser;

import java.util.Collection;
import java.util.Comparator;

/** Finds the word that somebody who misspelt one most likely meant. */
public final class Spelling {
  private Spelling() {}

  /**
   * The candidate with the fewest inserted, deleted and exchanged letters; the first of equals.
   *
   * @throws java.util.NoSuchElementException when there are no candidates
   */
  public static String nearest(String word, Collection<String> candidates) {
    return candidates.stream()
        .min(Comparator.comparingInt(candidate -> distance(word, candidate)))
        .orElseThrow();
  }

  /** The Levenshtein distance, computed row by row. */
  static int distance(String from, String to) {
    int[] above = new int[to.length() + 1];
    for (int column = 0; column < above.length; column++) {
      above[column] = column;
    }
    for (int row = 1; row <= from.length(); row++) {
      int[] current = new int[to.length() + 1];
      current[0] = row;
      for (int column = 1; column <= to.length(); column++) {
        int exchange = from.charAt(row - 1) == to.charAt(column - 1) ? 0 : 1;
        int gap = Math.min(above[column], current[column - 1]) + 1;
        current[column] = Math.min(gap, above[column - 1] + exchange);
      }
      above = current;
    }
    return above[to.length()];
  }
}
