package org.hawser.launch;

import java.util.ArrayList;
import java.util.List;

/**
 * Slurm's compressed list of hosts, such as {@code login,gpu[1-3,07],rack[0-1]n[00-15]}, in full.
 */
final class NodeList {
  /** Slurm itself ends at 65536 nodes. */
  private static final int MAX_HOSTS = 65_536;

  private NodeList() {}

  /** Returns the hosts in the list's order; a number keeps the width in which its range begins. */
  static List<String> expand(String list) {
    var hosts = new ArrayList<String>();
    int start = 0;
    int depth = 0;
    for (int i = 0; i <= list.length(); i++) {
      char c = i < list.length() ? list.charAt(i) : ',';
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (c == ',' && (depth == 0 || i == list.length())) {
        hosts.addAll(expandOne(list, list.substring(start, i).strip()));
        start = i + 1;
      }
    }
    return bounded(list, hosts);
  }

  private static List<String> expandOne(String list, String pattern) {
    int open = pattern.indexOf('[');
    if (open < 0) {
      if (pattern.isEmpty() || pattern.indexOf(']') >= 0) {
        throw malformed(list);
      }
      return List.of(pattern);
    }
    int close = pattern.indexOf(']', open);
    if (close < 0) {
      throw malformed(list);
    }
    var rest = pattern.substring(close + 1);
    var tails = rest.isEmpty() ? List.of("") : expandOne(list, rest);
    var hosts = new ArrayList<String>();
    for (var range : pattern.substring(open + 1, close).split(",", -1)) {
      for (var number : expandRange(list, range.strip())) {
        tails.forEach(tail -> hosts.add(pattern.substring(0, open) + number + tail));
        bounded(list, hosts);
      }
    }
    return hosts;
  }

  private static List<String> expandRange(String list, String range) {
    if (!range.matches("\\d{1,9}(-\\d{1,9})?")) {
      throw malformed(list);
    }
    var bounds = range.split("-");
    int first = Integer.parseInt(bounds[0]);
    int last = Integer.parseInt(bounds[bounds.length - 1]);
    if (last < first || last - first >= MAX_HOSTS) {
      throw malformed(list);
    }
    var numbers = new ArrayList<String>();
    for (int number = first; number <= last; number++) {
      var digits = Integer.toString(number);
      numbers.add("0".repeat(Math.max(0, bounds[0].length() - digits.length())) + digits);
    }
    return numbers;
  }

  private static List<String> bounded(String list, List<String> hosts) {
    if (hosts.size() > MAX_HOSTS) {
      throw malformed(list);
    }
    return hosts;
  }

  private static RuntimeException malformed(String list) {
    var shown = list.length() > 100 ? list.substring(0, 100) + "..." : list;
    return Environment.invalid(
        "\"" + shown + "\" is not a Slurm list of at most " + MAX_HOSTS + " hosts");
  }
}
