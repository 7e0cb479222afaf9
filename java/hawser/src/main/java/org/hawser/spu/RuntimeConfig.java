package org.hawser.spu;

import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * How programs are run: libspu's {@code RuntimeConfig}, attribute for attribute. What is not set is
 * left to libspu. All parties of a session use equal ones. Immutable.
 */
public final class RuntimeConfig {
  /** How secrets are sorted, by libspu's names. */
  public enum SortMethod {
    SORT_DEFAULT,
    SORT_RADIX,
    SORT_QUICK,
    SORT_NETWORK
  }

  /** How exponentials are approximated, by libspu's names. */
  public enum ExpMode {
    EXP_DEFAULT,
    EXP_PADE,
    EXP_TAYLOR,
    EXP_PRIME
  }

  /** How logarithms are approximated, by libspu's names. */
  public enum LogMode {
    LOG_DEFAULT,
    LOG_PADE,
    LOG_NEWTON,
    LOG_MINMAX
  }

  /** How the logistic function is approximated, by libspu's names. */
  public enum SigmoidMode {
    SIGMOID_DEFAULT,
    SIGMOID_MM1,
    SIGMOID_SEG3,
    SIGMOID_REAL
  }

  /** Who deals out multiplication triples, by libspu's names. */
  public enum BeaverType {
    TrustedFirstParty,
    TrustedThirdParty,
    MultiParty
  }

  private final Protocol protocol;
  private final Field field;
  private final Attributes attributes;

  private RuntimeConfig(Builder builder) {
    protocol = builder.protocol;
    field = builder.field;
    attributes = builder.attributes.copy();
  }

  /** All but the protocol and the field as libspu has it. */
  public static RuntimeConfig of(Protocol protocol, Field field) {
    return builder(protocol, field).build();
  }

  public static Builder builder(Protocol protocol, Field field) {
    return new Builder(protocol, field);
  }

  public Protocol protocol() {
    return protocol;
  }

  public Field field() {
    return field;
  }

  /**
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when so many parties cannot run the
   *     protocol
   */
  public void requireParties(int parties) {
    protocol.requireParties(parties);
  }

  /** What is set, by libspu's names. Holds the keys of TLS where they are set: not for logs. */
  public String json() {
    return attributes.json();
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof RuntimeConfig other && attributes.equals(other.attributes);
  }

  @Override
  public int hashCode() {
    return attributes.hashCode();
  }

  /** Fit for logs. */
  @Override
  public String toString() {
    return protocol + " " + field;
  }

  /** Sets attributes. Not safe for several threads at once. */
  public static final class Builder {
    private final Protocol protocol;
    private final Field field;
    private final Attributes attributes = new Attributes();

    private Builder(Protocol protocol, Field field) {
      this.protocol = protocol;
      this.field = field;
      attributes.put("protocol", protocol);
      attributes.put("field", field);
    }

    public RuntimeConfig build() {
      return new RuntimeConfig(this);
    }

    /**
     * Bits after the binary point; 0 takes what suits the field.
     *
     * @throws HawserException (INVALID_ARGUMENT) for so many that a product, which has twice as
     *     many until it is cut, would not fit the field
     */
    public Builder fxpFractionBits(int value) {
      if (2 * value >= field.bits()) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT,
            "%d fraction bits are too many for %s: less than half of its %d bits"
                .formatted(value, field, field.bits()));
      }
      attributes.putNumber("fxp_fraction_bits", value, 0);
      return this;
    }

    /** Threads of a runtime; 0 takes as many as the machine has. */
    public Builder maxConcurrency(int value) {
      attributes.putNumber("max_concurrency", value, 0);
      return this;
    }

    /** Log each action of the protocol. */
    public Builder enableActionTrace(boolean enable) {
      attributes.put("enable_action_trace", enable);
      return this;
    }

    /** Check each operation's types while running. */
    public Builder enableTypeChecker(boolean enable) {
      attributes.put("enable_type_checker", enable);
      return this;
    }

    /** Log each operation of the program. */
    public Builder enablePphloTrace(boolean enable) {
      attributes.put("enable_pphlo_trace", enable);
      return this;
    }

    /** Write each program and its inputs to {@link #snapshotDumpDir}. */
    public Builder enableRuntimeSnapshot(boolean enable) {
      attributes.put("enable_runtime_snapshot", enable);
      return this;
    }

    /** The folder of snapshots. */
    public Builder snapshotDumpDir(String folder) {
      attributes.put("snapshot_dump_dir", folder);
      return this;
    }

    /** Log the time of each of the program's operations. */
    public Builder enablePphloProfile(boolean enable) {
      attributes.put("enable_pphlo_profile", enable);
      return this;
    }

    /** Log the time of each operation on the hardware abstraction. */
    public Builder enableHalProfile(boolean enable) {
      attributes.put("enable_hal_profile", enable);
      return this;
    }

    /** The seed of randomness that all parties know. */
    public Builder publicRandomSeed(long value) {
      attributes.putNumber("public_random_seed", value, 0);
      return this;
    }

    /** Bytes of a share's piece at most. */
    public Builder shareMaxChunkSize(long value) {
      attributes.putNumber("share_max_chunk_size", value, 1);
      return this;
    }

    /** How secrets are sorted. */
    public Builder sortMethod(SortMethod method) {
      attributes.put("sort_method", method);
      return this;
    }

    /** Up to so many elements quick sort leaves to a sorting network. */
    public Builder quickSortThreshold(int value) {
      attributes.putNumber("quick_sort_threshold", value, 0);
      return this;
    }

    /** Iterations of a division; 0 takes the default. */
    public Builder fxpDivGoldschmidtIters(int value) {
      attributes.putNumber("fxp_div_goldschmidt_iters", value, 0);
      return this;
    }

    /** How exponentials are approximated. */
    public Builder fxpExpMode(ExpMode mode) {
      attributes.put("fxp_exp_mode", mode);
      return this;
    }

    /** Iterations of an exponential by Taylor series; 0 takes the default. */
    public Builder fxpExpIters(int value) {
      attributes.putNumber("fxp_exp_iters", value, 0);
      return this;
    }

    /** How logarithms are approximated. */
    public Builder fxpLogMode(LogMode mode) {
      attributes.put("fxp_log_mode", mode);
      return this;
    }

    /** Iterations of a logarithm by Newton's method; 0 takes the default. */
    public Builder fxpLogIters(int value) {
      attributes.putNumber("fxp_log_iters", value, 0);
      return this;
    }

    /** Orders of the series in such an iteration; 0 takes the default. */
    public Builder fxpLogOrders(int value) {
      attributes.putNumber("fxp_log_orders", value, 0);
      return this;
    }

    /** How the logistic function is approximated. */
    public Builder sigmoidMode(SigmoidMode mode) {
      attributes.put("sigmoid_mode", mode);
      return this;
    }

    /** Compute reciprocal square roots faster and less exactly. */
    public Builder enableLowerAccuracyRsqrt(boolean enable) {
      attributes.put("enable_lower_accuracy_rsqrt", enable);
      return this;
    }

    /** Terms of sine and cosine; 0 takes the default. */
    public Builder sineCosineIters(int value) {
      attributes.putNumber("sine_cosine_iters", value, 0);
      return this;
    }

    /** Who deals out multiplication triples to {@link Protocol#SEMI2K}. */
    public Builder beaverType(BeaverType type) {
      attributes.put("beaver_type", type);
      return this;
    }

    /** The trusted third party, for {@link BeaverType#TrustedThirdParty}. */
    public Builder ttpBeaverConfig(TtpBeaverConfig config) {
      attributes.put("ttp_beaver_config", config.attributes());
      return this;
    }

    /** What {@link Protocol#CHEETAH} is told. */
    public Builder cheetah2pcConfig(CheetahConfig config) {
      attributes.put("cheetah_2pc_config", config.attributes());
      return this;
    }

    /** Truncate faster, at the risk that large values lose their highest bit. */
    public Builder truncAllowMsbError(boolean enable) {
      attributes.put("trunc_allow_msb_error", enable);
      return this;
    }

    /** Do not split matrix products. */
    public Builder experimentalDisableMmulSplit(boolean enable) {
      attributes.put("experimental_disable_mmul_split", enable);
      return this;
    }

    /** Run independent operations at once. */
    public Builder experimentalEnableInterOpPar(boolean enable) {
      attributes.put("experimental_enable_inter_op_par", enable);
      return this;
    }

    /** Run the parts of an operation at once. */
    public Builder experimentalEnableIntraOpPar(boolean enable) {
      attributes.put("experimental_enable_intra_op_par", enable);
      return this;
    }

    /** Do not join equal operations. */
    public Builder experimentalDisableVectorization(boolean enable) {
      attributes.put("experimental_disable_vectorization", enable);
      return this;
    }

    /** How many operations may run at once. */
    public Builder experimentalInterOpConcurrency(int value) {
      attributes.putNumber("experimental_inter_op_concurrency", value, 0);
      return this;
    }

    /** Let a value that one party knows be private to it rather than shared. */
    public Builder experimentalEnableColocatedOptimization(boolean enable) {
      attributes.put("experimental_enable_colocated_optimization", enable);
      return this;
    }

    /** Approximate exponentials by {@link ExpMode#EXP_PRIME} where the field allows. */
    public Builder experimentalEnableExpPrime(boolean enable) {
      attributes.put("experimental_enable_exp_prime", enable);
      return this;
    }

    /** The offset of that approximation. */
    public Builder experimentalExpPrimeOffset(int value) {
      attributes.putNumber("experimental_exp_prime_offset", value, 0);
      return this;
    }

    /** Do not check its lower bound. */
    public Builder experimentalExpPrimeDisableLowerBound(boolean enable) {
      attributes.put("experimental_exp_prime_disable_lower_bound", enable);
      return this;
    }

    /** Check its upper bound. */
    public Builder experimentalExpPrimeEnableUpperBound(boolean enable) {
      attributes.put("experimental_exp_prime_enable_upper_bound", enable);
      return this;
    }
  }
}
