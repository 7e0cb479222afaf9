package org.hawser.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;

/** What bodies are. */
final class MediaTypes {
  static final String JSON = "application/json";
  static final String BINARY = "application/octet-stream";

  private MediaTypes() {}

  static String of(HttpHeaders headers) {
    String value = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
    if (value.equals(BINARY)) {
      return BINARY;
    }
    int parameters = value.indexOf(';');
    return (parameters < 0 ? value : value.substring(0, parameters))
        .strip()
        .toLowerCase(Locale.ROOT);
  }
}
