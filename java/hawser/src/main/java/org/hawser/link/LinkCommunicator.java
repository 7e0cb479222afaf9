package org.hawser.link;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Json;
import org.hawser.comm.Communicator;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuChannel;
import org.hawser.ffi.SpuLibrary;
import org.hawser.ffi.SpuObject;

/**
 * One party's end of a link: libspu's context, which secure programs run on. Opening is for all
 * parties at once: each waits for the others. One thread at a time uses a link.
 *
 * <p>The parties are some ranks of a larger world: the mask names them, ascending. In the link they
 * are numbered from 0.
 */
public final class LinkCommunicator implements AutoCloseable {
  /**
   * A party of brpc that ends takes its server away, maybe before it has answered a peer's last
   * request; and libspu ends the whole process of a peer that gets no answer.
   */
  private static final long BRPC_LINGER_NANOS = 300_000_000;

  private static final Logger LOG = System.getLogger(LinkCommunicator.class.getName());

  private final LinkMode mode;
  private final int[] mask;
  private final int rank;
  private final List<BaseChannel> channels;
  private final SpuObject context;
  private final Communicator communicator;
  private final LinkOptions options;
  private final AtomicInteger children = new AtomicInteger();
  private volatile boolean broken;

  private LinkCommunicator(
      LinkMode mode,
      int[] mask,
      int rank,
      List<BaseChannel> channels,
      SpuObject context,
      Communicator communicator,
      LinkOptions options) {
    this.mode = mode;
    this.mask = mask;
    this.rank = rank;
    this.channels = channels;
    this.context = context;
    this.communicator = communicator;
    this.options = options;
  }

  /**
   * Opens a link over the communicator; it needs no port of its own.
   *
   * @param communicator stays the caller's, and must outlive the link
   * @param mask the ranks of the communicator that are parties
   * @throws HawserException INVALID_ARGUMENT for a mask that cannot be, UNSUPPORTED when libspu is
   *     not there or takes no channels, LINK_FAILED or TIMEOUT when a party does not come
   */
  public static LinkCommunicator channels(
      Communicator communicator, int[] mask, LinkOptions options) {
    return channels(communicator, mask, List.of(), options);
  }

  /**
   * As {@link #channels(Communicator, int[], LinkOptions)}; a libspu that takes no channels falls
   * back to brpc, with a warning.
   *
   * @param addresses where each party would listen then, {@code host:port}
   */
  public static LinkCommunicator channels(
      Communicator communicator, int[] mask, List<String> addresses, LinkOptions options) {
    int world = communicator.worldSize();
    int local = new Mask(LinkMode.CHANNELS, communicator.rank(), mask, world).relativeRank();
    if (!SpuLibrary.facts().createWithChannels()) {
      return withoutChannels(communicator.rank(), mask, addresses, options);
    }
    List<BaseChannel> channels = new ArrayList<>();
    for (int peer : mask) {
      channels.add(
          peer == communicator.rank()
              ? null
              : new BaseChannel(communicator, communicator.rank(), peer, options));
    }
    List<String> hosts = Arrays.stream(mask).mapToObj(peer -> "dummy_" + peer).toList();
    List<SpuChannel> bridged = new ArrayList<>();
    channels.forEach(channel -> bridged.add(channel == null ? null : new BridgedChannel(channel)));
    return open(LinkMode.CHANNELS, mask, local, hosts, options, channels, bridged, communicator);
  }

  private static LinkCommunicator withoutChannels(
      int rank, int[] mask, List<String> addresses, LinkOptions options) {
    String version = SpuLibrary.facts().spu();
    if (addresses.isEmpty()) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          "rank %d: libspu %s has no create_with_channels: install the version that scripts/setup installs, or give the parties' addresses for brpc"
              .formatted(rank, version));
    }
    LOG.log(
        Level.WARNING,
        "rank {0}: libspu {1} has no create_with_channels; the link uses brpc and its own port",
        rank,
        version);
    return brpc(rank, mask, addresses, options);
  }

  /**
   * Opens a link between threads of this process, in libspu's own memory. Its parties find each
   * other by the id of the options.
   *
   * @param rank this party's in the world
   */
  public static LinkCommunicator mem(int rank, int[] mask, LinkOptions options) {
    int local = new Mask(LinkMode.MEM, rank, mask, Integer.MAX_VALUE).relativeRank();
    List<String> hosts = Arrays.stream(mask).mapToObj(peer -> options.id() + "_" + peer).toList();
    return open(LinkMode.MEM, mask, local, hosts, options, List.of(), List.of(), null);
  }

  /**
   * Opens a link of libspu's own over TCP. Beware: when a message can no longer be delivered to a
   * peer, libspu ends this process ({@code exit(-1)} in yacl's channel); there is no way to tell it
   * otherwise from outside. Links over channels report such failures.
   *
   * @param rank this party's in the world
   * @param addresses where each party listens, {@code host:port}, in the order of the mask
   */
  public static LinkCommunicator brpc(
      int rank, int[] mask, List<String> addresses, LinkOptions options) {
    int local = new Mask(LinkMode.BRPC, rank, mask, Integer.MAX_VALUE).relativeRank();
    if (addresses.size() != mask.length) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: a link of mode BRPC between ranks %s takes an address a party, not %s"
              .formatted(rank, Arrays.toString(mask), addresses));
    }
    return open(LinkMode.BRPC, mask, local, addresses, options, List.of(), List.of(), null);
  }

  private static LinkCommunicator open(
      LinkMode mode,
      int[] mask,
      int local,
      List<String> hosts,
      LinkOptions options,
      List<BaseChannel> channels,
      List<SpuChannel> bridged,
      Communicator communicator) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("id", options.id());
    description.put("recv_timeout_ms", options.recvTimeout().toMillis());
    description.put("throttle_window_size", options.throttleWindow());
    if (mode == LinkMode.BRPC) {
      description.putAll(options.brpc().attributes());
    }
    description.put(
        "parties",
        IntStream.range(0, mask.length)
            .mapToObj(party -> Map.of("id", "P" + party, "host", hosts.get(party)))
            .toList());
    try {
      SpuObject context =
          NativeSpu.openLink(
              mode.name().toLowerCase(Locale.ROOT), Json.write(description), local, bridged);
      return new LinkCommunicator(
          mode, mask.clone(), local, channels, context, communicator, options);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          "rank %d: no link of mode %s between ranks %s: %s"
              .formatted(mask[local], mode, Arrays.toString(mask), e.getMessage()),
          e.getCause() == null ? e : e.getCause(),
          e.rank(),
          e.lane(),
          e.device(),
          e.sysErrno());
    }
  }

  /** The ranks that are parties of a link, as one of them has it. */
  private record Mask(LinkMode mode, int rank, int[] ranks, int world) {
    Mask {
      boolean ascending = IntStream.range(1, ranks.length).allMatch(i -> ranks[i - 1] < ranks[i]);
      if (ranks.length < 2 || !ascending || ranks[0] < 0 || ranks[ranks.length - 1] >= world) {
        throw invalid(
            mode,
            rank,
            ranks,
            "the mask must name two ranks or more, ascending, each once, of the %d there are"
                .formatted(world));
      }
    }

    /** The party's rank in the link. */
    int relativeRank() {
      int at = Arrays.binarySearch(ranks, rank);
      if (at < 0) {
        throw invalid(mode, rank, ranks, "this rank is not one of them");
      }
      return at;
    }

    private static HawserException invalid(LinkMode mode, int rank, int[] ranks, String why) {
      return new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: no link of mode %s between ranks %s: %s"
              .formatted(rank, mode, Arrays.toString(ranks), why));
    }
  }

  /**
   * Opens a link beside this one, between the same parties: what yacl's spawn does, under its names
   * ({@code id-0}, {@code id-1} and so on), without a message. What fails on one of them does not
   * touch the others. All parties must spawn in the same order, since nobody but the order says
   * which of their links belong together. Any thread may call.
   *
   * @return the caller's to close; needs this one no more
   * @throws HawserException UNSUPPORTED unless this link is on channels
   */
  public LinkCommunicator spawn() {
    if (communicator == null) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED, this + " has no channels to open another link on");
    }
    String id = options.id() + "-" + children.getAndIncrement();
    return channels(communicator, mask, options.child(id));
  }

  /** The number of parties. */
  public int worldSize() {
    return mask.length;
  }

  /** This party's among the link's, from 0. */
  public int rank() {
    return rank;
  }

  /** The parties' ranks in the world, ascending. */
  public int[] mask() {
    return mask.clone();
  }

  public LinkMode mode() {
    return mode;
  }

  /** Libspu's object; stays this one's. */
  @SuppressWarnings("exports") // for org.hawser.spu, in this module
  public SpuObject context() {
    return context;
  }

  /** What this party has sent so far. */
  public LinkStatistics statistics() {
    return channels.stream()
        .filter(Objects::nonNull)
        .map(BaseChannel::statistics)
        .reduce(
            new LinkStatistics(0, 0),
            (a, b) -> new LinkStatistics(a.messages() + b.messages(), a.bytes() + b.bytes()));
  }

  /**
   * Something that the parties do together has failed here: wakes who waits on the link, tells the
   * peers why, where the link is on channels, and lets {@link #close} not wait for them.
   */
  public void broken(HawserException reason) {
    broken = true;
    channels.stream().filter(Objects::nonNull).forEach(channel -> channel.giveUp(reason));
  }

  /**
   * Waits until the peers have what was sent, unless the link is broken, and frees it. Never throws
   * for what a peer did.
   */
  @Override
  public void close() {
    if (!broken) {
      stop();
    }
    if (mode == LinkMode.BRPC) {
      LockSupport.parkNanos(this, BRPC_LINGER_NANOS);
    }
    context.close();
    SpuLibrary.reclaim();
    if (broken && !options.handshake()) {
      channels.stream().filter(Objects::nonNull).forEach(BaseChannel::forget);
    }
  }

  private void stop() {
    try {
      NativeSpu.stopLink(context);
    } catch (HawserException e) {
      LOG.log(Level.DEBUG, "rank " + mask[rank] + ": the link did not end in order", e);
    }
  }

  /** For messages. */
  @Override
  public String toString() {
    return "party %d of the %s link between ranks %s".formatted(rank, mode, Arrays.toString(mask));
  }
}
