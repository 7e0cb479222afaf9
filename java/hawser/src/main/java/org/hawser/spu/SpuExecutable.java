package org.hawser.spu;

import java.util.List;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuObject;

/**
 * A compiled program. Every party needs one, compiled from the same source for the same
 * visibilities. Immutable.
 *
 * @param name for messages
 * @param inputs the variables it reads
 * @param outputs the variables it writes
 * @param code SPU's own, as libspu's compiler wrote it; not copied
 */
public record SpuExecutable(String name, List<String> inputs, List<String> outputs, byte[] code) {
  public SpuExecutable {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** Libspu's object for it, which the caller closes. */
  SpuObject object() {
    return NativeSpu.executable(name, inputs, outputs, code);
  }

  @Override
  public String toString() {
    return "%s(%s) -> %s".formatted(name, String.join(", ", inputs), String.join(", ", outputs));
  }
}
