package org.hawser.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a request before its body.
 *
 * @param path without the query, still encoded
 * @param route that fits the path
 * @param peerNames what the peer's certificate calls it; empty without one
 */
record Head(
    String method, String path, Routes.Route route, HttpHeaders headers, List<String> peerNames) {
  /** What stands in place of the pattern's names; empty when the path is malformed there. */
  Optional<Map<String, String>> parameters() {
    return route.parameters(path);
  }
}
