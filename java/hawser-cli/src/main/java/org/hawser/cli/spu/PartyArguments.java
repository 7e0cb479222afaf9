package org.hawser.cli.spu;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.cluster.Cluster;
import org.hawser.cli.cluster.SpuDevice;
import org.hawser.cli.common.LaneArguments;
import org.hawser.lane.HostPort;
import org.hawser.launch.Launch;
import org.hawser.link.LinkMode;
import org.hawser.link.LinkSwitch;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say who computes, which of them this process is, and how they are linked. */
final class PartyArguments {
  private static final String LOOPBACK = "lo,lo,lo,lo";

  /** Where brpc listens, seen from the port that a party is known by: as mplang has it. */
  private static final int BRPC_OFFSET = 100;

  @Mixin private LaneArguments lanes;

  @Option(
      names = "--link",
      paramLabel = "mem|thread|lanes|http|brpc",
      description = {
        "What carries libspu's messages: lanes (default), http as between mplang's workers, or its",
        "own brpc, which listens 100 above each party's port; thread (default with --simulate) and",
        "mem join threads of one process."
      })
  private LinkKind link;

  @Option(
      names = "--simulate",
      paramLabel = "N",
      description = "Be all N parties at once, as threads of this process.")
  private Integer simulate;

  @Option(
      names = "--parties",
      split = ",",
      paramLabel = "HOST:PORT",
      description = "Where each party listens, in the order of their ranks.")
  private List<String> parties;

  @Option(
      names = "--rank",
      paramLabel = "R",
      description = "Which of them this is (default: as the launcher says).")
  private Integer rank;

  @Option(
      names = "--cluster",
      paramLabel = "FILE",
      description = "A cluster file as mplang has it; its members are the parties.")
  private Path cluster;

  @Option(names = "--device", paramLabel = "NAME", description = "The SPU device in that file.")
  private String device;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "100",
      description = "How long to wait for a party (default ${DEFAULT-VALUE}).")
  private long timeout;

  /** Read once; null until then. */
  private Optional<SpuDevice> described;

  /** What the cluster file says of the device; empty without one. */
  Optional<SpuDevice> device() {
    if (described == null) {
      described = read();
    }
    return described;
  }

  private Optional<SpuDevice> read() {
    if ((cluster == null) != (device == null)) {
      throw invalid("--cluster FILE and --device NAME go together");
    }
    return Optional.ofNullable(cluster).map(Cluster::read).map(file -> file.spu(device));
  }

  /** Whether all parties are here. */
  boolean isSimulated() {
    return simulate != null;
  }

  /** All parties, for threads of this process. */
  List<Party> threads() {
    if (parties != null || rank != null || cluster != null) {
      throw invalid("--simulate N goes without --parties, --cluster and --rank");
    }
    if (simulate < 2) {
      throw invalid("--simulate takes 2 parties or more, not " + simulate);
    }
    lanes.orElse(Setting.LANES, LOOPBACK);
    return Party.threads(link(), simulate, lanes.options(), timeout());
  }

  /** This process's party; waits for the others. */
  Party party() {
    LinkKind kind = link();
    if (kind.isLocal()) {
      throw invalid(
          "--link %s joins threads of one process: add --simulate N, or use lanes, http or brpc"
              .formatted(kind));
    }
    Optional<List<HostPort>> addresses = addresses();
    if (addresses.isPresent() && rank != null) {
      return connect(kind, rank, addresses.get());
    }
    try (Launch launch = Launch.detect(lanes.protection()).orElseThrow(PartyArguments::nobody)) {
      return addresses.isPresent()
          ? connect(kind, launch.rank(), addresses.get())
          : Party.join(kind, lanes.options(), launch, timeout());
    }
  }

  private static HawserException nobody() {
    return invalid(
        "say who computes: --parties HOST:PORT,.. --rank R, --cluster FILE --device NAME --rank R,"
            + " --simulate N, or start it under mpirun or srun");
  }

  private Party connect(LinkKind kind, int own, List<HostPort> addresses) {
    if (own < 0 || own >= addresses.size()) {
      throw invalid("rank %d is not one of %d parties".formatted(own, addresses.size()));
    }
    List<HostPort> brpc =
        addresses.stream()
            .map(each -> new HostPort(each.host(), each.port() + BRPC_OFFSET))
            .toList();
    return Party.connect(kind, lanes.options().withRank(own), addresses, brpc, timeout());
  }

  private Optional<List<HostPort>> addresses() {
    if (parties != null && device().isPresent()) {
      throw invalid("--parties and --cluster say the same: leave one out");
    }
    return Optional.ofNullable(parties)
        .or(() -> device().map(SpuDevice::addresses))
        .map(List::stream)
        .map(stream -> stream.map(HostPort::parse))
        .map(Stream::toList);
  }

  /** As told, or else as the cluster file and the environment have it. */
  private LinkKind link() {
    if (link != null) {
      return link;
    }
    LinkMode mode =
        device()
            .map(SpuDevice::linkMode)
            .orElseGet(() -> LinkSwitch.mode(Map.of(), System.getenv()));
    if (mode == LinkMode.BRPC) {
      return LinkKind.brpc;
    }
    return isSimulated() ? LinkKind.thread : LinkKind.lanes;
  }

  private Duration timeout() {
    if (timeout < 1 || timeout > Duration.ofDays(1).toSeconds()) {
      throw invalid("--timeout is 1 second to a day, not " + timeout);
    }
    return Duration.ofSeconds(timeout);
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
