package org.hawser.cli.spu;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.FreePort;
import org.hawser.cli.common.LaneShare;
import org.hawser.comm.Communicator;
import org.hawser.comm.LaneCommunicator;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.http.HttpCommunicator;
import org.hawser.http.HttpCommunicatorOptions;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.launch.Launch;
import org.hawser.link.LinkCommunicator;
import org.hawser.link.LinkMode;
import org.hawser.link.LinkOptions;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Session;
import org.hawser.spu.SessionOptions;

/**
 * One party of a computation that all ranks take part in: its communicator, and what its sessions'
 * links are opened with. One thread uses it.
 */
public final class Party implements AutoCloseable {
  private static final String LOCALHOST = "127.0.0.1";
  private static final String HTTP_ADDRESS = "hawser-http";

  private final LinkKind link;
  private final Communicator communicator;
  private final Transport transport;
  private final List<HostPort> brpc;
  private final Duration timeout;

  /** What a communicator runs on, and who opened it must close. */
  @FunctionalInterface
  private interface Transport extends AutoCloseable {
    Transport NONE = () -> {};

    @Override
    void close();
  }

  private Party(
      LinkKind link,
      Communicator communicator,
      Transport transport,
      List<HostPort> brpc,
      Duration timeout) {
    this.link = link;
    this.communicator = communicator;
    this.transport = transport;
    this.brpc = brpc;
    this.timeout = timeout;
  }

  /**
   * All parties, for threads of this process.
   *
   * @param options for {@link LinkKind#lanes}; of HTTP only where it listens
   */
  static List<Party> threads(LinkKind link, int size, LaneOptions options, Duration timeout) {
    if (link == LinkKind.lanes || link == LinkKind.http) {
      List<HostPort> addresses = freeAddresses(Lanes.address(options), size);
      return Together.run(
          size,
          rank -> connect(link, options.withRank(rank), addresses, List.of(), timeout),
          _ -> {});
    }
    List<HostPort> brpc = link == LinkKind.brpc ? freeAddresses(LOCALHOST, size) : List.of();
    return ThreadCommunicator.world(size).stream()
        .map(each -> new Party(link, each, Transport.NONE, brpc, timeout))
        .toList();
  }

  /** Where so many listeners can be on one host. */
  public static List<HostPort> freeAddresses(String host, int count) {
    return IntStream.range(0, count).mapToObj(_ -> new HostPort(host, FreePort.find())).toList();
  }

  /**
   * One party in this process; waits for the others.
   *
   * @param options with this party's rank
   * @param addresses where each party listens
   * @param brpc where each party's brpc listens, for a link of that kind
   */
  public static Party connect(
      LinkKind link,
      LaneOptions options,
      List<HostPort> addresses,
      List<HostPort> brpc,
      Duration timeout) {
    if (link == LinkKind.http) {
      HttpNode node = openNode(addresses.get(options.rank()), options);
      return overHttp(node, options.rank(), addresses, timeout);
    }
    requireClear(link, options, addresses.get(options.rank()).host());
    Lanes lanes = Lanes.open(options);
    try (LaneServer server = lanes.listen(null, addresses.get(options.rank()).port())) {
      List<String> all = addresses.stream().map(HostPort::toString).toList();
      Communicator communicator = LaneCommunicator.connect(lanes, server, all, timeout);
      return new Party(link, communicator, lanes::close, brpc, timeout);
    } catch (RuntimeException e) {
      lanes.close();
      throw e;
    }
  }

  /** What brpc carries is in the clear, whatever identity the parties meet by. */
  private static void requireClear(LinkKind link, LaneOptions options, String host) {
    if (link != LinkKind.brpc) {
      return;
    }
    if (options.protection().identity().isPresent()) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          "libspu's brpc knows nothing of the identity: --link lanes and --link http do");
    }
    try {
      options.protection().require(InetAddress.getByName(host), "libspu's brpc link");
    } catch (UnknownHostException e) {
      throw new HawserException(ErrorCode.IO, "there is no host " + host, e);
    }
  }

  private static HttpNode openNode(HostPort own, LaneOptions options) {
    return HttpNode.open(
        HttpOptions.DEFAULT
            .withAddress(own.host(), own.port())
            .withProtection(options.protection()));
  }

  private static Party overHttp(
      HttpNode node, int rank, List<HostPort> addresses, Duration timeout) {
    var options = HttpCommunicatorOptions.DEFAULT.withSendTimeout(timeout).withPeerTimeout(timeout);
    List<String> all = addresses.stream().map(HostPort::toString).toList();
    var communicator = HttpCommunicator.open(node, rank, all, options);
    var party = new Party(LinkKind.http, communicator, node::close, List.of(), timeout);
    try {
      party.parley().meet(); // Unlike lanes, it is not made by connecting.
      return party;
    } catch (RuntimeException e) {
      party.close();
      throw e;
    }
  }

  /** One party in this process, which a launcher has started; waits for the others. */
  public static Party join(LinkKind link, LaneOptions options, Launch launch, Duration timeout) {
    if (link == LinkKind.http) {
      HttpNode node = openNode(new HostPort(Lanes.address(options), 0), options);
      List<HostPort> addresses = exchange(launch, node.address(), timeout);
      return overHttp(node, launch.rank(), addresses, timeout);
    }
    requireClear(link, options, Lanes.address(options));
    Lanes lanes = Lanes.open(options.withRank(launch.rank()));
    try {
      Communicator communicator = LaneCommunicator.join(launch, lanes, timeout);
      var own = new HostPort(Lanes.address(options), FreePort.find());
      List<HostPort> brpc =
          new Parley(communicator, timeout)
              .exchange("brpc", own.toString(), String.class).stream()
                  .map(HostPort::parse)
                  .toList();
      return new Party(link, communicator, lanes::close, brpc, timeout);
    } catch (RuntimeException e) {
      lanes.close();
      throw e;
    }
  }

  private static List<HostPort> exchange(Launch launch, HostPort own, Duration timeout) {
    launch.put(HTTP_ADDRESS, own.toString().getBytes(StandardCharsets.UTF_8));
    launch.commit();
    launch.fence(timeout);
    return IntStream.range(0, launch.size())
        .mapToObj(peer -> launch.get(peer, HTTP_ADDRESS, timeout))
        .map(bytes -> HostPort.parse(new String(bytes, StandardCharsets.UTF_8)))
        .toList();
  }

  public int rank() {
    return communicator.rank();
  }

  public int size() {
    return communicator.worldSize();
  }

  /** What carries the messages of sessions. */
  LinkKind link() {
    return link;
  }

  public Communicator communicator() {
    return communicator;
  }

  /** To talk with the other parties besides the computation. */
  public Parley parley() {
    return new Parley(communicator, timeout);
  }

  /**
   * Opens a session of all parties.
   *
   * @param id the same at all parties; each but once
   */
  public Session session(String id, RuntimeConfig config) {
    var options = SessionOptions.DEFAULT.withId(id).withTimeout(timeout);
    SessionOptions linked =
        switch (link) {
          case mem -> options.withLinkMode(LinkMode.MEM);
          case thread, lanes, http -> options;
          case brpc -> options.withBrpc(brpcAddresses());
        };
    return Session.open(communicator, IntStream.range(0, size()).boxed().toList(), config, linked);
  }

  /** Opens a bare link of all parties, as a session would. */
  LinkCommunicator openLink(String id) {
    var options = LinkOptions.DEFAULT.withId(id).withRecvTimeout(timeout);
    int[] mask = IntStream.range(0, size()).toArray();
    return switch (link) {
      case mem -> LinkCommunicator.mem(rank(), mask, options);
      case thread, lanes, http -> LinkCommunicator.channels(communicator, mask, options);
      case brpc -> LinkCommunicator.brpc(rank(), mask, brpcAddresses(), options);
    };
  }

  private List<String> brpcAddresses() {
    return brpc.stream().map(HostPort::toString).toList();
  }

  /** What each lane has carried from here to all peers so far; empty where there are no lanes. */
  public List<LaneShare> sent() {
    if (!(communicator instanceof LaneCommunicator laned)) {
      return List.of();
    }
    return IntStream.range(0, size())
        .filter(peer -> peer != rank())
        .mapToObj(peer -> laned.link(peer).lanes())
        .map(lanes -> lanes.stream().map(LaneShare::sentSoFar).toList())
        .reduce(LaneShare::sum)
        .orElse(List.of());
  }

  /** Closes the communicator, and what was opened for it. */
  @Override
  public void close() {
    try {
      communicator.close();
    } finally {
      transport.close();
    }
  }
}
