package org.hawser.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One request.
 *
 * @param path without the query, still encoded
 * @param parameters what stands where the pattern has names in braces, decoded
 * @param body off-heap; only to be used until the handler returns
 * @param peerNames what the asker's certificate calls it; empty without one
 */
public record HttpAsk(
    String method,
    String path,
    Map<String, String> parameters,
    HttpHeaders headers,
    MemorySegment body,
    List<String> peerNames) {
  /** The part of the path under that name of the route's pattern. */
  public String parameter(String name) {
    return parameters.get(name);
  }

  /** A header's value; its name is compared without regard to case. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /** What the body is, in lower case and without parameters; empty when it does not say. */
  public String mediaType() {
    return MediaTypes.of(headers);
  }
}
