package org.hawser.simp;

import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Keeps values for as long as the process lives, by reference. */
public final class MemoryStore implements ObjectStore {
  static final String SCHEME = "mem://";

  private final Map<String, Object> values = new ConcurrentHashMap<>();
  // Unique everywhere: a random half for the store, a counting half for the value.
  private final String prefix = SCHEME + Names.random64();
  private final AtomicLong next = new AtomicLong();

  /** Makes an empty one. */
  public MemoryStore() {}

  @Override
  public String put(Object value) {
    String uri = prefix + HexFormat.of().toHexDigits(next.getAndIncrement());
    values.put(uri, value);
    return uri;
  }

  @Override
  public String save(String name, Object value) {
    throw new HawserException(
        ErrorCode.UNSUPPORTED,
        "nothing can be kept as %s: this worker has no store on disk".formatted(name));
  }

  @Override
  public Object get(String uri) {
    Object value = values.get(uri);
    if (value == null) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "there is nothing under %s here".formatted(uri));
    }
    return value;
  }

  @Override
  public void remove(String uri) {
    values.remove(uri);
  }

  @Override
  public List<String> uris() {
    return List.copyOf(values.keySet());
  }

  @Override
  public void close() {
    values.clear();
  }
}
