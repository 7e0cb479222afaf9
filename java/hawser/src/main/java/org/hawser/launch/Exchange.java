package org.hawser.launch;

import java.time.Duration;

/**
 * How the ranks of one job pass small values to each other. Callers have checked all arguments;
 * deadlines are hard: an implementation throws {@code TIMEOUT} rather than wait longer.
 */
interface Exchange extends AutoCloseable {
  void put(String key, byte[] value);

  void commit();

  void fence(Duration timeout);

  byte[] get(int rank, String key, Duration timeout);

  @Override
  void close();
}
