package org.hawser.simp;

import java.util.List;

/**
 * What one party keeps between jobs, each value under a URI: {@code mem://} and 32 hexadecimal
 * digits for what lives as long as the process. Any thread may use it.
 */
public interface ObjectStore extends AutoCloseable {
  /** Keeps a value, and says under which URI. */
  String put(Object value);

  /**
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when there is nothing of that URI
   */
  Object get(String uri);

  /** Lets go of it; does nothing when there is nothing of that URI. */
  void remove(String uri);

  /** The URIs there are. */
  List<String> uris();

  @Override
  void close();
}
