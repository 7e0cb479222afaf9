package org.hawser.launch;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.trust.Protection;

/**
 * This process as one rank of a job that {@code mpirun}, {@code srun} or another launcher started,
 * and the exchange of small values between the ranks:
 *
 * <pre>{@code
 * try (var launch = Launch.detect().orElseThrow()) {
 *   launch.put("address", bytes);
 *   launch.commit();
 *   launch.fence(Duration.ofSeconds(30));
 *   byte[] peer = launch.get((launch.rank() + 1) % launch.size(), "address", Duration.ofSeconds(30));
 * }
 * }</pre>
 *
 * <p>Any thread may call, virtual threads too: they park in Java and never block in native code.
 * Calls of one launch run one after the other. No call waits longer than its deadline; every error
 * is a {@link HawserException} that names the rank.
 */
public final class Launch implements AutoCloseable {
  /** The longest value that a rank may put, in bytes. */
  public static final int MAX_VALUE_BYTES = 64 * 1024;

  /** The longest key, in characters. Keys are printable ASCII. */
  public static final int MAX_KEY_LENGTH = 255;

  private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(60);

  private final Member member;
  private final Exchange exchange;

  Launch(Member member, Exchange exchange) {
    this.member = member;
    this.exchange = exchange;
  }

  /**
   * Asks the environment which launcher started this process, and joins its job. In this order:
   * {@code HAWSER_RANK}, {@code HAWSER_SIZE} and {@code HAWSER_RENDEZVOUS=HOST:PORT}; PMIx, where
   * {@code PMIX_NAMESPACE} is set; the variables of Slurm's {@code srun}; those of Open MPI's
   * {@code mpirun}. {@code HAWSER_LAUNCHER} (explicit, pmix, slurm, openmpi) overrides the order.
   *
   * <p>Waits at most 60 s for the other side: the local PMIx server, or rank 0, which serves the
   * exchange where PMIx does not.
   *
   * @return empty when no launcher started this process
   * @throws HawserException {@code INVALID_ARGUMENT} when the variables contradict themselves,
   *     {@code UNSUPPORTED} when libpmix is not installed, {@code TIMEOUT}, {@code REFUSED} or
   *     {@code IO} when the job can not be joined
   */
  public static Optional<Launch> detect() {
    return detect(Protection.fromEnvironment());
  }

  /**
   * As {@link #detect()}, with the exchange protected as said rather than as the environment says.
   * PMIx protects its own.
   */
  public static Optional<Launch> detect(Protection protection) {
    return detect(System.getenv(), protection, JOIN_TIMEOUT);
  }

  /**
   * Joins a job whose ranks are told by hand, as {@code HAWSER_RANK}, {@code HAWSER_SIZE} and
   * {@code HAWSER_RENDEZVOUS} would tell them.
   *
   * @param rendezvous {@code HOST:PORT} of rank 0, which listens there
   * @param timeout for the other side: rank 0, which serves the exchange
   */
  public static Launch join(int rank, int size, String rendezvous, Duration timeout) {
    return join(rank, size, rendezvous, Protection.fromEnvironment(), timeout);
  }

  /** As {@link #join(int, int, String, Duration)}, protected as said. */
  public static Launch join(
      int rank, int size, String rendezvous, Protection protection, Duration timeout) {
    Map<String, String> variables =
        Map.of(
            Setting.RANK.variable(), Integer.toString(rank),
            Setting.SIZE.variable(), Integer.toString(size),
            Setting.RENDEZVOUS.variable(), rendezvous);
    return detect(variables, protection, timeout).orElseThrow();
  }

  static Optional<Launch> detect(
      Map<String, String> variables, Protection protection, Duration joinTimeout) {
    return Launchers.detect(new Environment(variables), protection, joinTimeout);
  }

  /** This process's rank, from 0. */
  public int rank() {
    return member.rank();
  }

  /** The number of ranks in the job. */
  public int size() {
    return member.size();
  }

  /** This process's rank among those on its host, from 0. */
  public int localRank() {
    return member.localRank();
  }

  /** The launcher: "pmix", "slurm", "openmpi" or "explicit". */
  public String name() {
    return member.launcher();
  }

  /** Why that launcher was chosen, for a person to read. */
  public String reason() {
    return member.reason();
  }

  /** The launcher's name for the job; equal on all ranks. */
  public String jobId() {
    return member.jobId();
  }

  /**
   * Sets a value of this rank, of at most {@link #MAX_VALUE_BYTES}. Others see it after {@link
   * #commit}; the bytes are copied. A key is put once.
   */
  public void put(String key, byte[] value) {
    checkKey(key);
    if (value.length > MAX_VALUE_BYTES) {
      throw member.failure(
          ErrorCode.INVALID_ARGUMENT,
          "the value of "
              + key
              + " has "
              + value.length
              + " bytes; at most "
              + MAX_VALUE_BYTES
              + " are exchanged");
    }
    exchange.put(key, value.clone());
  }

  /** Publishes what this rank put so far. */
  public void commit() {
    exchange.commit();
  }

  /**
   * Waits until every rank called fence; what they committed before can then be had at once.
   *
   * @throws HawserException {@code TIMEOUT} when a rank did not come in time, {@code LINK_FAILED}
   *     when one has left
   */
  public void fence(Duration timeout) {
    exchange.fence(checkTimeout(timeout));
  }

  /**
   * Returns what a rank (this one too) committed under the key, and waits for it where need be.
   *
   * @throws HawserException {@code TIMEOUT} when the rank did not commit it in time, {@code
   *     LINK_FAILED} when it has left
   */
  public byte[] get(int rank, String key, Duration timeout) {
    checkKey(key);
    if (rank < 0 || rank >= size()) {
      throw member.failure(
          ErrorCode.INVALID_ARGUMENT, "there is no rank " + rank + " to get " + key + " from");
    }
    return exchange.get(rank, key, checkTimeout(timeout));
  }

  /**
   * Leaves the job's exchange; does nothing the second time. Where rank 0 serves the exchange, its
   * close waits up to 30 s until the others have left.
   */
  @Override
  public void close() {
    exchange.close();
  }

  @Override
  public String toString() {
    return member.toString();
  }

  private void checkKey(String key) {
    Objects.requireNonNull(key, "key");
    if (key.isEmpty()
        || key.length() > MAX_KEY_LENGTH
        || !key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw member.failure(
          ErrorCode.INVALID_ARGUMENT,
          "a key is 1 to " + MAX_KEY_LENGTH + " printable ASCII characters without a space");
    }
  }

  private Duration checkTimeout(Duration timeout) {
    if (!timeout.isPositive() || timeout.compareTo(Duration.ofDays(1)) > 0) {
      throw member.failure(
          ErrorCode.INVALID_ARGUMENT, "a timeout is more than nothing and at most a day");
    }
    return timeout;
  }
}
