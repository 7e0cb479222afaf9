package org.hawser.spu;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.ThreadCommunicator;

/**
 * All ranks of a secure computation as threads of this process. What a rank does is written as for
 * a {@link Session} in a process of its own.
 *
 * <pre>{@code
 * List<Tensor> results =
 *     Simulator.of(3, RuntimeConfig.of(Protocol.ABY3, Field.FM64))
 *         .run(
 *             session -> {
 *               session.input("x", 0, x);
 *               session.run(program);
 *               return session.revealToAll("y");
 *             });
 * }</pre>
 *
 * <p>Immutable; each run starts afresh, also after a failure. Ranks that wait on a link of libspu's
 * own notice the failure of another only when the session's timeout is over. Opens no port, unless
 * the link mode is {@link org.hawser.link.LinkMode#BRPC}.
 */
public final class Simulator {
  private static final AtomicLong RUNS = new AtomicLong();

  private final int worldSize;
  private final List<Integer> parties;
  private final RuntimeConfig config;
  private final SessionOptions options;

  private Simulator(
      int worldSize, List<Integer> parties, RuntimeConfig config, SessionOptions options) {
    config.requireParties(parties.size());
    this.worldSize = worldSize;
    this.parties = parties;
    this.config = config;
    this.options = options;
  }

  /** So many ranks, all of which compute. */
  public static Simulator of(int parties, RuntimeConfig config) {
    List<Integer> ranks = IntStream.range(0, parties).boxed().toList();
    return new Simulator(parties, ranks, config, SessionOptions.DEFAULT);
  }

  /** With sessions of these options. */
  public Simulator withOptions(SessionOptions sessionOptions) {
    return new Simulator(worldSize, parties, config, sessionOptions);
  }

  /** With further ranks that do not compute, after those that do. */
  public Simulator withOnlookers(int onlookers) {
    return new Simulator(parties.size() + onlookers, parties, config, options);
  }

  /**
   * Runs all ranks, each on a platform thread of its own, and waits for them.
   *
   * @param rank what every rank does; told apart by {@link Session#rank}
   * @return what each rank returned, in their order
   * @throws HawserException the first failure, which names its rank; the other ranks are woken from
   *     their waits. CANCELLED when this thread is interrupted
   */
  public <T> List<T> run(Function<Session, T> rank) {
    List<ThreadCommunicator> communicators = ThreadCommunicator.world(worldSize);
    try {
      return new SimulatedRun<T>(communicators, parties, config, runOptions()).run(rank);
    } finally {
      communicators.forEach(Communicator::close);
    }
  }

  /** Links in memory are found by their name, which so is this run's alone in the process. */
  private SessionOptions runOptions() {
    return options.withId("simulator-" + RUNS.incrementAndGet());
  }
}
