package org.hawser.simp.trace;

import java.util.List;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/** A value on some parties, in a program that is being traced. */
public final class Traced {
  private final Tracer owner;
  private final Value value;
  private final Type.MPType type;

  Traced(Tracer owner, Value value) {
    this.owner = owner;
    this.value = value;
    this.type = (Type.MPType) value.type();
  }

  /** What each of the parties has. */
  public Type type() {
    return type.value();
  }

  /** Who has a part of it, ascending. */
  public List<Integer> parties() {
    return type.parties();
  }

  Tracer owner() {
    return owner;
  }

  Value value() {
    return value;
  }

  Type.MPType distributed() {
    return type;
  }

  /** For messages. */
  @Override
  public String toString() {
    return "%s (%s at %s)".formatted(value, type(), parties());
  }
}
