package org.hawser.spu;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuArray;
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
    if (owner < NOBODY || owner >= worldSize) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "there is no party %d among %d to own a tensor".formatted(owner, worldSize));
    }
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
      requireAlike(shares);
      List<SpuObject> objects = shares.stream().map(Share::object).toList();
      SpuArray array = NativeSpu.reconstruct(worldSize, json, objects, Arena.ofAuto());
      DataType type = DataType.values()[array.dataType() - 1];
      return Tensor.of(type, array.shape(), array.data());
    } catch (HawserException e) {
      throw failed("reconstruct a tensor of %d shares".formatted(shares.size()), e);
    }
  }

  /** Libspu would make numbers without meaning of shares that differ in what they are of. */
  private void requireAlike(List<Share> shares) {
    if (shares.size() != worldSize) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%d parties have %d shares, not %d".formatted(worldSize, worldSize, shares.size()));
    }
    Share first = shares.getFirst();
    first.requireFor(config);
    for (Share share : shares) {
      if (share.type() != first.type()
          || share.visibility() != first.visibility()
          || !share.storage().equals(first.storage())
          || !Arrays.equals(share.shape(), first.shape())) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT,
            "shares do not belong together: one is of %s, another of %s".formatted(first, share));
      }
    }
  }

  private HawserException failed(String what, HawserException e) {
    return new HawserException(
        e.code(), "%s: cannot %s: %s".formatted(config, what, e.getMessage()), e);
  }
}
