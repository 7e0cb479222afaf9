package org.hawser.simp;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What dialects keep, one of a class, made when first asked for. Any thread may ask; who asks for
 * what another thread makes waits for it.
 *
 * @param <O> whose they are
 */
final class States<O> {
  private final O owner;
  private final Map<Class<?>, State<?>> all = new ConcurrentHashMap<>();

  States(O owner) {
    this.owner = owner;
  }

  /** A class's own lock: making one may take long, or ask for another. */
  private static final class State<T> {
    private T value;

    synchronized <O> T get(O owner, Function<O, T> make) {
      if (value == null) {
        value = make.apply(owner);
      }
      return value;
    }

    synchronized Object value() {
      return value;
    }
  }

  <T> T get(Class<T> type, Function<O, T> make) {
    @SuppressWarnings("unchecked") // a class's state is only ever put here
    State<T> state = (State<T>) all.computeIfAbsent(type, _ -> new State<T>());
    return state.get(owner, make);
  }

  /** Closes those that can be closed, all of them even when one fails. */
  void close() {
    List<Exception> failures = new ArrayList<>();
    for (State<?> state : all.values()) {
      if (state.value() instanceof AutoCloseable closeable) {
        try {
          closeable.close();
        } catch (Exception e) {
          failures.add(e);
        }
      }
    }
    all.clear();
    if (!failures.isEmpty()) {
      var failure =
          new HawserException(
              ErrorCode.INTERNAL,
              "what operations have kept could not be closed: " + failures.getFirst(),
              failures.getFirst());
      failures.stream().skip(1).forEach(failure::addSuppressed);
      throw failure;
    }
  }
}
