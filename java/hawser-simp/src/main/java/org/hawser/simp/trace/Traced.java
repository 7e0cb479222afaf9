package org.hawser.simp.trace;

import java.util.List;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/** A value on some parties, in a program that is being traced. */
public final class Traced {
  private final Tracer owner;
  private final Value value;
  private final Type.MPType type;
  private final SpuDevice.Sharing sharing;
  private final String madeAt;

  Traced(Tracer owner, Value value) {
    this(owner, value, null, CallSite.find());
  }

  private Traced(Tracer owner, Value value, SpuDevice.Sharing sharing, String madeAt) {
    this.owner = owner;
    this.value = value;
    this.type = (Type.MPType) value.type();
    this.sharing = sharing;
    this.madeAt = madeAt;
  }

  /** The same value, known to be an SPU's. */
  Traced shared(SpuDevice.Sharing how) {
    return new Traced(owner, value, how, madeAt);
  }

  /** What each of the parties has. */
  public Type type() {
    return type.value();
  }

  /** Who has a part of it, ascending; empty when only the run will tell. */
  public List<Integer> parties() {
    return type.parties() == null ? List.of() : type.parties();
  }

  /** Whether all of these have a part of it, as far as that is known. */
  boolean mayBeAt(List<Integer> ranks) {
    return type.parties() == null || type.parties().containsAll(ranks);
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

  /** How an SPU's parties share it; null for what is plain. */
  SpuDevice.Sharing sharing() {
    return sharing;
  }

  /** For messages. */
  @Override
  public String toString() {
    String where = type.parties() == null ? "some parties" : type.parties().toString();
    return "%s (%s at %s, made at %s)".formatted(value, type(), where, madeAt);
  }
}
