package org.hawser.simp;

import java.util.List;

/**
 * What one party keeps between jobs, each value under a URI: {@code mem://} and 32 hexadecimal
 * digits for what lives as long as the process, {@code fs://} and a name for what outlives it. Any
 * thread may use it.
 */
public interface ObjectStore extends AutoCloseable {
  /** Keeps a value for as long as the process lives, and says under which URI. */
  String put(Object value);

  /**
   * Keeps a value on disk, in place of what was there under that name.
   *
   * @param name {@code fs://} may be left out
   * @return its URI
   * @throws org.hawser.HawserException UNSUPPORTED when this store keeps nothing on disk;
   *     INVALID_ARGUMENT for what is no name or cannot be written; IO when the disk fails: what was
   *     there stays
   */
  String save(String name, Object value);

  /**
   * @param uri also a name that was given to {@link #save}
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
