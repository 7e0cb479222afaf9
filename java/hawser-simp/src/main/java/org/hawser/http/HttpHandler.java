package org.hawser.http;

/** Answers requests; called by many threads at once, each of which it may block. */
@FunctionalInterface
public interface HttpHandler {
  /**
   * @throws org.hawser.HawserException becomes the detail of an answer with status 500
   */
  HttpAnswer handle(HttpAsk ask);
}
