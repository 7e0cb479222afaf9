package org.hawser.simp.op;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Java functions that programs may call at a party, by name. Only what this party's owner has
 * registered can be called. Any thread may use it.
 */
public final class Functions {
  private final Map<String, UnaryOperator<List<Object>>> byName = new ConcurrentSkipListMap<>();

  /** Makes an empty one. */
  public Functions() {}

  /**
   * Adds a function.
   *
   * @param function gets the arguments, null where this party has no part, and returns one value an
   *     output; called by many threads at once; changes none of what it is given
   * @return these functions
   * @throws HawserException (INVALID_ARGUMENT) when there is one of that name
   */
  public Functions register(String name, UnaryOperator<List<Object>> function) {
    if (byName.putIfAbsent(name, function) != null) {
      throw invalid("there is a function %s already".formatted(name));
    }
    return this;
  }

  /**
   * Adds a public static method of a public class, the only one of its name there. Its parameters
   * are the arguments; what it returns is the one output, none for {@code void}.
   *
   * @return these functions
   * @throws HawserException (INVALID_ARGUMENT) when there is no such method
   */
  public Functions register(String name, Class<?> owner, String method) {
    List<Method> found =
        Arrays.stream(owner.getMethods())
            .filter(each -> each.getName().equals(method) && Modifier.isStatic(each.getModifiers()))
            .toList();
    if (found.size() != 1) {
      throw invalid(
          "%s has %d public static methods %s, not one"
              .formatted(owner.getName(), found.size(), method));
    }
    Method target = found.getFirst();
    return register(name, arguments -> invoke(target, arguments));
  }

  /**
   * @throws HawserException (UNSUPPORTED) that says how to register one
   */
  UnaryOperator<List<Object>> find(String name) {
    UnaryOperator<List<Object>> function = byName.get(name);
    if (function == null) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          "this worker has no function %s, only %s: register it there with Functions.register"
              .formatted(name, new TreeMap<>(byName).keySet()));
    }
    return function;
  }

  private static List<Object> invoke(Method method, List<Object> arguments) {
    try {
      Object result = method.invoke(null, arguments.toArray());
      return method.getReturnType() == void.class ? List.of() : Collections.singletonList(result);
    } catch (InvocationTargetException e) {
      throw thrownBy(method, e.getCause());
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s cannot be called with %d arguments of %s"
              .formatted(method, arguments.size(), classes(arguments)),
          e);
    }
  }

  private static RuntimeException thrownBy(Method method, Throwable thrown) {
    return switch (thrown) {
      case Error failure -> throw failure;
      case RuntimeException failure -> failure;
      default ->
          new HawserException(
              ErrorCode.INTERNAL,
              "%s has thrown %s".formatted(method, thrown.getClass().getName()),
              thrown);
    };
  }

  private static List<String> classes(List<Object> values) {
    return values.stream()
        .map(value -> value == null ? "null" : value.getClass().getSimpleName())
        .toList();
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
