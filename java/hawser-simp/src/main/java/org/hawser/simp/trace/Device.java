package org.hawser.simp.trace;

import java.util.List;
import org.hawser.spu.program.Program;

/**
 * Where values lie and programs run: one {@linkplain Tracer#party party}, in the clear, or
 * {@linkplain Tracer#spu several} in secret. Usable in the regions of the program that made it,
 * too.
 */
public sealed interface Device permits Party, SpuDevice {
  /** Who takes part, ascending. */
  List<Integer> parties();

  /** Brings a value here, from wherever it is; nothing happens when it is here already. */
  Traced put(Traced value);

  /**
   * Runs a program on values that are put here first.
   *
   * @param arguments one an input of the program, of its type
   * @return one an output, here
   */
  List<Traced> run(Program program, Traced... arguments);
}
