package org.hawser.simp.trace;

import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/** A value at one party, in a part of a program that runs there. */
public final class Local {
  private final LocalTracer owner;
  private final Value value;

  Local(LocalTracer owner, Value value) {
    this.owner = owner;
    this.value = value;
  }

  public Type type() {
    return value.type();
  }

  LocalTracer owner() {
    return owner;
  }

  Value value() {
    return value;
  }

  /** For messages. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(value, type());
  }
}
