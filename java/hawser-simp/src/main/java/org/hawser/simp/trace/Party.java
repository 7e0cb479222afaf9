package org.hawser.simp.trace;

import java.util.Arrays;
import java.util.List;
import org.hawser.spu.program.Program;

/** One party, which sees its values: mplang's PPU. */
public final class Party implements Device {
  private final Tracer tracer;
  private final int rank;

  Party(Tracer tracer, int rank) {
    this.tracer = tracer;
    this.rank = rank;
  }

  @Override
  public List<Integer> parties() {
    return List.of(rank);
  }

  /** What was secret is revealed to this party. */
  @Override
  public Traced put(Traced value) {
    Tracer now = tracer.innermost();
    if (value.sharing() != null) {
      return new SpuDevice(now, value.sharing()).reveal(value, rank);
    }
    boolean takesItsPart = value.parties().size() > 1 && value.parties().contains(rank);
    return takesItsPart ? now.part(value, rank) : now.move(value, rank);
  }

  @Override
  public List<Traced> run(Program program, Traced... arguments) {
    Traced[] here = Arrays.stream(arguments).map(this::put).toArray(Traced[]::new);
    return tracer.innermost().run(rank, program, here);
  }
}
