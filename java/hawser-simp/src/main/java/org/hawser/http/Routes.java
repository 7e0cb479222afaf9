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

  private record Route(String method, String[] pattern, Intake intake) {
    /** What stands in place of the names in braces, or null when the path is another. */
    Map<String, String> match(String[] path) {
      if (path.length != pattern.length) {
        return null;
      }
      Map<String, String> parameters = new HashMap<>();
      for (int i = 0; i < path.length; i++) {
        String part = pattern[i];
        if (part.startsWith("{")) {
          parameters.put(part.substring(1, part.length() - 1), decode(path[i]));
        } else if (!part.equals(path[i])) {
          return null;
        }
      }
      return parameters.containsValue(null) ? null : parameters;
    }
  }

  /** A route that fits. */
  record Found(Intake intake, Map<String, String> parameters) {}

  void add(String method, String pattern, Intake intake) {
    routes.add(new Route(method, parts(pattern), intake));
  }

  Optional<Found> find(String method, String path) {
    String[] parts = parts(path);
    for (Route route : routes) {
      Map<String, String> parameters = route.method.equals(method) ? route.match(parts) : null;
      if (parameters != null) {
        return Optional.of(new Found(route.intake, parameters));
      }
    }
    return Optional.empty();
  }

  /** Whether the path is served, with whatever method. */
  boolean knows(String path) {
    String[] parts = parts(path);
    return routes.stream().anyMatch(route -> route.match(parts) != null);
  }

  private static String[] parts(String path) {
    return path.split("/", -1);
  }

  /** One part decoded; null when it is malformed, empty, or would have been two. */
  private static String decode(String part) {
    try {
      // A plus is a plus in a path: only in forms does it stand for a blank.
      String decoded = URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
      return decoded.isEmpty() || decoded.indexOf('/') >= 0 ? null : decoded;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
