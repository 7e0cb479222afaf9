package org.hawser.spu;

/**
 * How StableHLO is compiled: libspu's {@code CompilerOptions}, attribute for attribute. What is not
 * set is left to libspu. Immutable.
 */
public final class CompilerOptions {
  /** What compilation steps are written as, by libspu's names. */
  public enum XlaPrettyPrintKind {
    TEXT,
    DOT,
    HTML
  }

  /** All as libspu has it. */
  public static final CompilerOptions DEFAULT = builder().build();

  private final Attributes attributes;

  private CompilerOptions(Attributes attributes) {
    this.attributes = attributes;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** What is set, by libspu's names. */
  public String json() {
    return attributes.json();
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof CompilerOptions other && attributes.equals(other.attributes);
  }

  @Override
  public int hashCode() {
    return attributes.hashCode();
  }

  @Override
  public String toString() {
    return json();
  }

  /** Sets attributes. Not safe for several threads at once. */
  public static final class Builder {
    private final Attributes attributes = new Attributes();

    private Builder() {}

    public CompilerOptions build() {
      return new CompilerOptions(attributes.copy());
    }

    /** Write what each step of the compilation makes to {@link #prettyPrintDumpDir}. */
    public Builder enablePrettyPrint(boolean enable) {
      attributes.put("enable_pretty_print", enable);
      return this;
    }

    /** The folder of these files. */
    public Builder prettyPrintDumpDir(String folder) {
      attributes.put("pretty_print_dump_dir", folder);
      return this;
    }

    /** Their form. */
    public Builder xlaPpKind(XlaPrettyPrintKind kind) {
      attributes.put("xla_pp_kind", kind);
      return this;
    }

    /** Leave {@code sqrt(x) + epsilon} as it is. */
    public Builder disableSqrtPlusEpsilonRewrite(boolean disable) {
      attributes.put("disable_sqrt_plus_epsilon_rewrite", disable);
      return this;
    }

    /** Leave {@code x / sqrt(y)} as it is, rather than {@code x * rsqrt(y)}. */
    public Builder disableDivSqrtRewrite(boolean disable) {
      attributes.put("disable_div_sqrt_rewrite", disable);
      return this;
    }

    /** Truncate after each product rather than once after their sum. */
    public Builder disableReduceTruncationOptimization(boolean disable) {
      attributes.put("disable_reduce_truncation_optimization", disable);
      return this;
    }

    /** Leave max pooling as it is. */
    public Builder disableMaxpoolingOptimization(boolean disable) {
      attributes.put("disable_maxpooling_optimization", disable);
      return this;
    }

    /** Do not let operations take integers and fixed-point numbers together. */
    public Builder disallowMixTypesOpts(boolean disallow) {
      attributes.put("disallow_mix_types_opts", disallow);
      return this;
    }

    /** Leave selections as they are. */
    public Builder disableSelectOptimization(boolean disable) {
      attributes.put("disable_select_optimization", disable);
      return this;
    }

    /** Invert a denominator before it is broadcast, not after. */
    public Builder enableOptimizeDenominatorWithBroadcast(boolean enable) {
      attributes.put("enable_optimize_denominator_with_broadcast", enable);
      return this;
    }

    /** Keep values until the program ends. */
    public Builder disableDeallocationInsertion(boolean disable) {
      attributes.put("disable_deallocation_insertion", disable);
      return this;
    }

    /** Sort all even where only the first elements are used. */
    public Builder disablePartialSortOptimization(boolean disable) {
      attributes.put("disable_partial_sort_optimization", disable);
      return this;
    }
  }
}
