package org.hawser.simp.trace;

import static org.hawser.simp.trace.Types.invalid;

import java.util.ArrayList;
import java.util.Arrays;
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
public final class SpuDevice implements Device {
  private final Tracer tracer;
  private final Sharing sharing;

  /** How a value is shared, and among whom: shares of two ways never go together. */
  record Sharing(SpuConfig config, List<Integer> parties) {}

  SpuDevice(Tracer tracer, Sharing sharing) {
    sharing.config.runtimeConfig().requireParties(sharing.parties.size());
    this.tracer = tracer;
    this.sharing = sharing;
  }

  @Override
  public List<Integer> parties() {
    return sharing.parties;
  }

  public SpuConfig config() {
    return sharing.config;
  }

  /**
   * A secret that the program is given when it runs: what a program before it has left on a device
   * like this one, on the same host.
   *
   * @param plain the type of the secret
   */
  public Traced input(String name, Type plain) {
    Integer[] all = parties().toArray(Integer[]::new);
    return tracer.input(name, Types.share(plain), all).shared(sharing);
  }

  @Override
  public Traced put(Traced value) {
    return isSealed(value) ? requireHere(value) : seal(value);
  }

  /** Makes shares of a tensor at its owner, and gives each party its own. */
  public Traced seal(Traced plain) {
    if (plain.parties().size() != 1 || !(plain.type() instanceof Type.TensorType)) {
      throw invalid("%s cannot be sealed: only a tensor that one party has".formatted(plain));
    }
    Tracer now = tracer.innermost();
    int owner = plain.parties().getFirst();
    List<Traced> shares =
        now.pcall(
            "make_shares",
            plain.parties(),
            List.of(plain),
            local -> local.makeShares(config(), local.argument(0), parties().size()));
    List<Traced> dealt = new ArrayList<>();
    for (int i = 0; i < parties().size(); i++) {
      dealt.add(now.shuffle(shares.get(i), Map.of(parties().get(i), owner)));
    }
    return now.converge(dealt).shared(sharing);
  }

  /** Runs a program on secrets. Compiles it, so libspu must be here. */
  @Override
  public List<Traced> run(Program program, Traced... arguments) {
    List<Traced> sealed = Arrays.stream(arguments).map(this::put).toList();
    LocalTracer.requireArguments(program, sealed.stream().map(SpuDevice::plain).toList());
    SpuExecutable executable = program.compile();
    return tracer
        .innermost()
        .pcall(
            program.name(),
            parties(),
            sealed,
            local -> local.execute(config(), executable, LocalTracer.results(program)))
        .stream()
        .map(result -> result.shared(sharing))
        .toList();
  }

  /** Brings all shares of a value to one party, and joins them there. */
  public Traced reveal(Traced sealed, int to) {
    requireHere(sealed);
    Tracer now = tracer.innermost();
    List<Traced> gathered =
        parties().stream().map(party -> now.move(now.part(sealed, party), to)).toList();
    return now.pcall(
            "reconstruct",
            List.of(to),
            gathered,
            local -> List.of(local.reconstruct(config(), plain(sealed))))
        .getFirst();
  }

  private Traced requireHere(Traced value) {
    if (!sharing.equals(value.sharing())) {
      throw invalid(
          "%s is not on the device of parties %s, %s and %s"
              .formatted(value, parties(), config().protocol(), config().field()));
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
