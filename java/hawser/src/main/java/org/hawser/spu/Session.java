package org.hawser.spu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.link.LinkCommunicator;
import org.hawser.link.LinkStatistics;

/**
 * One rank's part in a secure computation. Every rank of a communicator opens it and makes the same
 * calls in the same order; some of the ranks are the parties that compute, the others only give
 * inputs and learn what is revealed to them.
 *
 * <pre>{@code
 * try (var session = Session.open(communicator, List.of(0, 1, 2), config)) {
 *   session.input("x", 0, mine);
 *   session.input("y", 1, mine);
 *   session.run(compare);
 *   Optional<Tensor> result = session.reveal("gt", 2);
 * }
 * }</pre>
 *
 * <p>Inputs leave their owner only as shares, one a party; a result is put together only where it
 * is revealed. One thread at a time uses a session, a platform thread, for programs block in native
 * code. Several sessions with different ids may share a communicator, each on a thread of its own.
 *
 * <p>Every wait is bounded by {@link SessionOptions#timeout}. After a failure the ranks may be at
 * different steps: close the session, and open another under another id.
 */
public final class Session implements AutoCloseable {
  private final int rank;
  private final List<Integer> everyone;
  private final List<Integer> parties;
  private final RuntimeConfig config;
  private final SpuIo io;
  private final ShareExchange exchange;
  private final Optional<Device> device;

  /** What only the parties that compute have. */
  private record Device(LinkCommunicator link, SpuRuntime runtime) implements AutoCloseable {
    @Override
    public void close() {
      runtime.close();
      link.close();
    }
  }

  private Session(
      Communicator communicator,
      List<Integer> parties,
      RuntimeConfig config,
      SessionOptions options,
      Optional<Device> device) {
    rank = communicator.rank();
    everyone = IntStream.range(0, communicator.worldSize()).boxed().toList();
    this.parties = parties;
    this.config = config;
    this.device = device;
    io = new SpuIo(parties.size(), config);
    exchange = new ShareExchange(communicator, options.id(), options.timeout());
  }

  /** As {@link SessionOptions#DEFAULT} has it. */
  public static Session open(
      Communicator communicator, List<Integer> parties, RuntimeConfig config) {
    return open(communicator, parties, config, SessionOptions.DEFAULT);
  }

  /**
   * Opens this rank's part; a party waits for the other parties.
   *
   * @param communicator stays its owner's, and open as long as this
   * @param parties the ranks that compute, ascending
   * @param config the same everywhere
   * @throws HawserException (INVALID_ARGUMENT) when the protocol takes another number of parties,
   *     or there are no such ranks
   */
  public static Session open(
      Communicator communicator,
      List<Integer> parties,
      RuntimeConfig config,
      SessionOptions options) {
    config.requireParties(parties.size());
    List<Integer> mask = List.copyOf(parties);
    if (!mask.stream().allMatch(party -> party >= 0 && party < communicator.worldSize())) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there are no parties %s among %d ranks"
              .formatted(communicator.rank(), mask, communicator.worldSize()));
    }
    Optional<Device> device =
        mask.contains(communicator.rank())
            ? Optional.of(openDevice(communicator, mask, config, options))
            : Optional.empty();
    return new Session(communicator, mask, config, options, device);
  }

  private static Device openDevice(
      Communicator communicator,
      List<Integer> parties,
      RuntimeConfig config,
      SessionOptions options) {
    LinkCommunicator link = options.openLink(communicator, parties);
    try {
      return new Device(link, new SpuRuntime(link, config));
    } catch (HawserException e) {
      link.broken(e);
      link.close();
      throw e;
    }
  }

  /** This rank of the communicator. */
  public int rank() {
    return rank;
  }

  /** The ranks that compute. */
  public List<Integer> parties() {
    return parties;
  }

  /** Whether this rank is one of them. */
  public boolean isParty() {
    return device.isPresent();
  }

  public RuntimeConfig config() {
    return config;
  }

  /** Makes and joins shares as this session does. */
  public SpuIo io() {
    return io;
  }

  /**
   * This party's machine, for shares that come and go another way.
   *
   * @throws HawserException (INVALID_ARGUMENT) at a rank that does not compute
   */
  public SpuRuntime runtime() {
    return device
        .map(Device::runtime)
        .orElseThrow(() -> invalid("computes nothing: the parties are " + parties));
  }

  /** As {@link #input(String, int, Tensor, Visibility)}, of a secret. */
  public void input(String name, int owner, Tensor tensor) {
    input(name, owner, tensor, Visibility.SECRET);
  }

  /**
   * Gives the variable {@code name} the owner's value: the owner sends each party its share.
   *
   * @param owner any rank
   * @param tensor read at the owner only; null elsewhere
   */
  public void input(String name, int owner, Tensor tensor, Visibility visibility) {
    requireRank(owner);
    if (owner == rank) {
      deal(name, tensor, visibility);
    } else if (isParty()) {
      try (Share share = exchange.receive(owner, input(name))) {
        runtime().setVar(name, share);
      }
    }
  }

  private void deal(String name, Tensor tensor, Visibility visibility) {
    if (tensor == null) {
      throw invalid("owns input '%s' and must pass its tensor".formatted(name));
    }
    List<Share> shares = io.makeShares(tensor, visibility, parties.indexOf(rank));
    try (var sends = exchange.sends(input(name))) {
      for (int i = 0; i < shares.size(); i++) {
        if (parties.get(i) == rank) {
          runtime().setVar(name, shares.get(i));
        } else {
          sends.add(parties.get(i), shares.get(i));
        }
      }
    } finally {
      shares.forEach(Share::close);
    }
  }

  /**
   * Runs a program over the variables, as {@link SpuRuntime#run} does. Ranks that do not compute
   * return at once.
   */
  public void run(SpuExecutable executable) {
    device.ifPresent(machine -> machine.runtime().run(executable));
  }

  /**
   * Tells one rank a variable's value: each party sends its share there and nowhere else.
   *
   * @return the value at rank {@code to}, nothing elsewhere
   */
  public Optional<Tensor> reveal(String name, int to) {
    return reveal(name, List.of(to));
  }

  /** Tells every rank, computing or not, a variable's value. */
  public Tensor revealToAll(String name) {
    return reveal(name, everyone).orElseThrow();
  }

  /** As {@link #reveal(String, int)}, to several ranks. */
  public Optional<Tensor> reveal(String name, List<Integer> to) {
    to.forEach(this::requireRank);
    Optional<Share> own = device.map(machine -> machine.runtime().getVar(name));
    try (var sends = exchange.sends(output(name))) {
      own.ifPresent(share -> sends.addAll(to, share));
      return to.contains(rank) ? Optional.of(join(name, own)) : Optional.empty();
    } finally {
      own.ifPresent(Share::close);
    }
  }

  private Tensor join(String name, Optional<Share> own) {
    var received = new ArrayList<Share>();
    var shares = new ArrayList<Share>();
    try {
      for (int party : parties) {
        if (party == rank) {
          shares.add(own.orElseThrow());
        } else {
          Share share = exchange.receive(party, output(name));
          received.add(share);
          shares.add(share);
        }
      }
      return io.reconstruct(shares);
    } finally {
      received.forEach(Share::close);
    }
  }

  /** Frees a variable; ranks that do not compute return at once. */
  public void delete(String name) {
    device.ifPresent(machine -> machine.runtime().delVar(name));
  }

  /** What this rank has sent so far. */
  public SessionStatistics statistics() {
    LinkStatistics link =
        device.map(own -> own.link().statistics()).orElse(new LinkStatistics(0, 0));
    return new SessionStatistics(
        link.messages(), link.bytes(), exchange.messages(), exchange.bytes());
  }

  /** Frees the machine and its link, not the communicator. */
  @Override
  public void close() {
    device.ifPresent(Device::close);
  }

  private static String input(String name) {
    return "input:" + name;
  }

  private static String output(String name) {
    return "output:" + name;
  }

  private void requireRank(int other) {
    if (other < 0 || other >= everyone.size()) {
      throw invalid("there is no rank %d, only 0 to %d".formatted(other, everyone.size() - 1));
    }
  }

  private HawserException invalid(String what) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "rank %d of %d (%s): %s".formatted(rank, everyone.size(), config, what));
  }
}
