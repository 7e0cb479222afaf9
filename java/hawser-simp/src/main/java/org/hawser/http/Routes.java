package org.hawser.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Who answers what. Any thread may add and find. */
final class Routes {
  private final List<Route> routes = new CopyOnWriteArrayList<>();

  /**
   * @param parts of the pattern, between its slashes
   */
  record Route(String method, List<String> parts, Intake intake) {
    /** Whether each part of the path is the pattern's, or stands for a name; allocates nothing. */
    boolean fits(String path) {
      int at = 0;
      for (int i = 0; i < parts.size(); i++) {
        String part = parts.get(i);
        int end = path.indexOf('/', at);
        end = end < 0 ? path.length() : end;
        if (isName(part) ? end == at : !equals(path, at, end, part)) {
          return false;
        }
        boolean isLast = i + 1 == parts.size();
        if (isLast != (end == path.length())) {
          return false;
        }
        at = end + 1;
      }
      return true;
    }

    private static boolean equals(String path, int from, int to, String part) {
      return to - from == part.length() && path.startsWith(part, from);
    }

    private static boolean isName(String part) {
      return part.startsWith("{");
    }

    /** What stands in place of the names; empty when one of them is malformed. */
    Optional<Map<String, String>> parameters(String path) {
      List<String> given = Routes.parts(path);
      Map<String, String> all = new HashMap<>();
      for (int i = 0; i < parts.size(); i++) {
        String part = parts.get(i);
        if (isName(part)) {
          all.put(part.substring(1, part.length() - 1), decode(given.get(i)));
        }
      }
      return all.containsValue(null) ? Optional.empty() : Optional.of(all);
    }
  }

  void add(String method, String pattern, Intake intake) {
    routes.add(new Route(method, parts(pattern), intake));
  }

  void remove(Intake intake) {
    routes.removeIf(route -> route.intake == intake);
  }

  Optional<Route> find(String method, String path) {
    for (Route route : routes) {
      if (route.method.equals(method) && route.fits(path)) {
        return Optional.of(route);
      }
    }
    return Optional.empty();
  }

  /** Whether the path is served, with whatever method. */
  boolean knows(String path) {
    return routes.stream().anyMatch(route -> route.fits(path));
  }

  private static List<String> parts(String path) {
    return List.of(path.split("/", -1));
  }

  /** One part decoded; null when it is malformed, or would have been two. */
  private static String decode(String part) {
    try {
      // A plus is a plus in a path: only in forms does it stand for a blank.
      String decoded = URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
      return decoded.indexOf('/') >= 0 ? null : decoded;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
