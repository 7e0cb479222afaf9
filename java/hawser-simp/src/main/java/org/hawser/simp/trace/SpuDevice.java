package org.hawser.simp.trace;

import static org.hawser.simp.trace.Types.invalid;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hawser.simp.ir.Type;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.program.Program;

/**
 * Parties that compute together on what none of them sees. Its values are shares, one a party;
 * plain values come in by {@link #seal} and go out by {@link #reveal}.
 */
public final class SpuDevice {
  private final Tracer tracer;
  private final SpuConfig config;
  private final List<Integer> parties;

  SpuDevice(Tracer tracer, SpuConfig config, List<Integer> parties) {
    config.runtimeConfig().requireParties(parties.size());
    this.tracer = tracer;
    this.config = config;
    this.parties = parties;
  }

  public List<Integer> parties() {
    return parties;
  }

  public SpuConfig config() {
    return config;
  }

  /** Makes shares of a tensor at its owner, and gives each party its own. */
  public Traced seal(Traced plain) {
    if (plain.parties().size() != 1 || !(plain.type() instanceof Type.TensorType)) {
      throw invalid("%s cannot be sealed: only a tensor that one party has".formatted(plain));
    }
    int owner = plain.parties().getFirst();
    List<Traced> shares =
        tracer.pcall(
            "make_shares",
            plain.parties(),
            List.of(plain),
            local -> local.makeShares(config, local.argument(0), parties.size()));
    List<Traced> dealt = new ArrayList<>();
    for (int i = 0; i < parties.size(); i++) {
      dealt.add(tracer.shuffle(shares.get(i), Map.of(parties.get(i), owner)));
    }
    return tracer.converge(dealt);
  }

  /**
   * Runs a program on shares; plain values are sealed first. Compiles it, so libspu must be here.
   *
   * @param arguments one an input of the program, of its type
   * @return one an output: shares
   */
  public List<Traced> run(Program program, Traced... arguments) {
    List<Traced> sealed = new ArrayList<>();
    for (Traced argument : arguments) {
      sealed.add(isSealed(argument) ? requireHere(argument) : seal(argument));
    }
    LocalTracer.requireArguments(program, sealed.stream().map(SpuDevice::plain).toList());
    SpuExecutable executable = program.compile();
    return tracer.pcall(
        program.name(),
        parties,
        sealed,
        local -> local.execute(config, executable, LocalTracer.results(program)));
  }

  /** Brings all shares of a value to one party, and joins them there. */
  public Traced reveal(Traced sealed, int to) {
    requireHere(sealed);
    List<Traced> gathered = new ArrayList<>();
    for (int party : parties) {
      Traced own =
          tracer.pcall("own", List.of(party), List.of(sealed), LocalTracer::arguments).getFirst();
      gathered.add(tracer.move(own, to));
    }
    return tracer
        .pcall(
            "reconstruct",
            List.of(to),
            gathered,
            local -> List.of(local.reconstruct(config, plain(sealed))))
        .getFirst();
  }

  private Traced requireHere(Traced value) {
    if (!isSealed(value) || !value.parties().equals(parties)) {
      throw invalid("%s is not on the device of parties %s".formatted(value, parties));
    }
    return value;
  }

  private static boolean isSealed(Traced value) {
    return value.type() instanceof Type.SSType;
  }

  private static Type plain(Traced sealed) {
    return ((Type.SSType) sealed.type()).plain();
  }
}
