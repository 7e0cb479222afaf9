package org.hawser.simp.trace;

import java.util.Set;

/** Where a program says something, for messages. */
final class CallSite {
  private static final StackWalker STACK =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
  private static final Set<Class<?>> OWN =
      Set.of(
          CallSite.class,
          Captures.class,
          LocalTracer.class,
          Local.class,
          Party.class,
          SpuDevice.class,
          Traced.class,
          Tracer.class);

  private CallSite() {}

  /** File and line of whoever has called into this package. */
  static String find() {
    return STACK.walk(
        frames ->
            frames
                .filter(frame -> !frame.getClassName().startsWith("java."))
                .filter(frame -> !OWN.contains(frame.getDeclaringClass()))
                .findFirst()
                .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                .orElse("an unknown place"));
  }
}
