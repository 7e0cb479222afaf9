package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.util.List;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuObject;

/**
 * Makes shares of tensors, and tensors of shares. Needs no link: whoever owns data, party or not,
 * does it alone. Any thread may use it.
 */
public final class SpuIo {
  /** The owner of what belongs to no single party. */
  public static final int NOBODY = -1;

  private final int worldSize;
  private final RuntimeConfig config;
  private final String json;

  /**
   * @param worldSize the number of parties that compute
   * @throws HawserException (INVALID_ARGUMENT) when the protocol takes another number
   */
  public SpuIo(int worldSize, RuntimeConfig config) {
    config.requireParties(worldSize);
    this.worldSize = worldSize;
    this.config = config;
    json = config.json();
  }

  /** As {@link #makeShares(Tensor, Visibility, int)}, for data of nobody among the parties. */
  public List<Share> makeShares(Tensor tensor, Visibility visibility) {
    return makeShares(tensor, visibility, NOBODY);
  }

  /**
   * One share a party, in their order. Fixed point keeps of floating-point numbers as many bits as
   * the configuration says.
   *
   * @param owner the party, among those that compute, that knows the data anyway; {@link #NOBODY}
   *     otherwise. Matters only with {@link
   *     RuntimeConfig.Builder#experimentalEnableColocatedOptimization}
   * @throws HawserException with libspu's reason, such as a field too small for the element type
   */
  public List<Share> makeShares(Tensor tensor, Visibility visibility, int owner) {
    try {
      return NativeSpu.makeShares(
              worldSize,
              json,
              tensor.type().number(),
              tensor.shape(),
              tensor.data(),
              visibility.number(),
              owner)
          .stream()
          .map(Share::new)
          .toList();
    } catch (HawserException e) {
      throw failed("make %s shares of %s".formatted(visibility, tensor), e);
    }
  }

  /**
   * The tensor, in memory that is freed when it is unreachable.
   *
   * @param shares those of all parties, in their order
   * @throws HawserException (INVALID_ARGUMENT) when they do not belong together
   */
  public Tensor reconstruct(List<Share> shares) {
    try {
      shares.forEach(share -> share.requireFor(config));
      List<SpuObject> objects = shares.stream().map(Share::object).toList();
      return Tensor.of(NativeSpu.reconstruct(worldSize, json, objects, Arena.ofAuto()));
    } catch (HawserException e) {
      throw failed("reconstruct a tensor of %d shares".formatted(shares.size()), e);
    } finally {
      Reference.reachabilityFence(shares);
    }
  }

  private HawserException failed(String what, HawserException e) {
    return new HawserException(
        e.code(), "%s: cannot %s: %s".formatted(config, what, e.getMessage()), e);
  }
}
