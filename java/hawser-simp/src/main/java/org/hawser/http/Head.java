package org.hawser.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;

/**
 * What is known of a request before its body.
 *
 * @param path without the query, still encoded
 * @param peerNames what the peer's certificate calls it; empty without one
 */
record Head(
    String method,
    String path,
    Map<String, String> parameters,
    HttpHeaders headers,
    List<String> peerNames) {}
