package org.hawser.lane;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.hawser.ByteSize;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.Settings;
import org.hawser.ffi.NativeConfig;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;

/**
 * How to open lanes.
 *
 * @param lanes the devices in NCCL's syntax (list of prefixes, {@code ^} excludes, {@code =}
 *     exact), or a number of lanes over the devices of the default rule; empty for that rule:
 *     NCCL_GPUDIRECTTCPX_SOCKET_IFNAME, else eth1 to eth4, else every device that is up, else four
 *     lanes over loopback
 * @param chunkBytes how sends are cut; 0 for as suits the network: 512 KiB, but long sends over
 *     libfabric up to 1 MiB; the peer need not use the same
 * @param eagerBytes messages up to this length go without asking the receiver
 * @param socketsPerLane TCP connections a lane
 * @param checksum whether chunks carry a CRC32C; auto is on. It is on when either end asks for it
 * @param zeroCopy whether large sends go without a copy; auto measures each lane
 * @param silence a lane whose peer's kernel acknowledges nothing for so long is lost
 * @param linkTimeout a link without any lane for so long has failed
 * @param net what moves the bytes: empty or {@code socket} for TCP, {@code plugin:NAME} for an NCCL
 *     net plugin, {@code ofi:PROVIDER} for libfabric; the same on both ends. {@code
 *     fault:seed=S,faults=N,every=K,net=NAME} is one of these with faults, to rehearse them
 * @param protection by which identity, or in the clear
 * @param rank this party's, told to peers and used in messages; -1 when it has none
 */
public record LaneOptions(
    String lanes,
    int chunkBytes,
    int eagerBytes,
    int socketsPerLane,
    LaneLoss laneLoss,
    Toggle checksum,
    Toggle zeroCopy,
    WaitMode waitMode,
    Duration silence,
    Duration linkTimeout,
    ChunkScheduler scheduler,
    String net,
    Protection protection,
    int rank) {

  private static final LaneOptions DEFAULTS =
      new LaneOptions(
          "",
          0,
          64 << 10,
          1,
          LaneLoss.FAILOVER,
          Toggle.AUTO,
          Toggle.AUTO,
          WaitMode.BLOCK,
          Duration.ofMillis(250),
          Duration.ofSeconds(5),
          ChunkScheduler.adaptive(),
          "",
          Protection.LOCAL,
          -1);

  /**
   * @throws HawserException (INVALID_ARGUMENT) for a number out of range
   */
  public LaneOptions {
    Objects.requireNonNull(lanes);
    Objects.requireNonNull(laneLoss);
    Objects.requireNonNull(checksum);
    Objects.requireNonNull(zeroCopy);
    Objects.requireNonNull(waitMode);
    Objects.requireNonNull(scheduler);
    Objects.requireNonNull(net);
    Objects.requireNonNull(protection);
    require(
        chunkBytes >= 0, "a chunk has 1 byte or more, or 0 to suit the network, not " + chunkBytes);
    require(eagerBytes >= 1, "the eager limit is 1 byte or more, not " + eagerBytes);
    require(socketsPerLane >= 1, "a lane has 1 socket or more, not " + socketsPerLane);
    require(isPositive(silence), "the silence before a lane is lost must be above 0");
    require(isPositive(linkTimeout), "the time before a link fails must be above 0");
    require(rank >= -1, "a rank is 0 or more, or -1 for none, not " + rank);
  }

  public static LaneOptions defaults() {
    return DEFAULTS;
  }

  /**
   * The defaults, changed by the HAWSER_* variables of this process.
   *
   * @throws HawserException (INVALID_ARGUMENT) when a variable is unknown or its value is not valid
   */
  public static LaneOptions fromEnvironment() {
    return from(Settings.ofProcess());
  }

  /** The defaults, changed by settings given. */
  public static LaneOptions from(Settings settings) {
    return new LaneOptions(
        settings.text(Setting.LANES).orElse(DEFAULTS.lanes),
        settings.value(Setting.CHUNK, LaneOptions::chunk).orElse(DEFAULTS.chunkBytes),
        settings.value(Setting.EAGER, LaneOptions::size).orElse(DEFAULTS.eagerBytes),
        settings.value(Setting.SOCKETS_PER_LANE, Integer::valueOf).orElse(DEFAULTS.socketsPerLane),
        settings.value(Setting.ON_LANE_LOSS, LaneOptions::laneLoss).orElse(DEFAULTS.laneLoss),
        settings.value(Setting.CHECKSUM, LaneOptions::toggle).orElse(DEFAULTS.checksum),
        settings.value(Setting.ZEROCOPY, LaneOptions::toggle).orElse(DEFAULTS.zeroCopy),
        settings.value(Setting.WAIT, LaneOptions::waitMode).orElse(DEFAULTS.waitMode),
        settings.value(Setting.SILENCE_MS, LaneOptions::millis).orElse(DEFAULTS.silence),
        settings.value(Setting.LINK_TIMEOUT_MS, LaneOptions::millis).orElse(DEFAULTS.linkTimeout),
        settings.value(Setting.SCHEDULER, ChunkScheduler::parse).orElse(DEFAULTS.scheduler),
        settings.text(Setting.NET).orElse(DEFAULTS.net),
        Protection.from(settings),
        settings.value(Setting.RANK, Integer::valueOf).orElse(DEFAULTS.rank));
  }

  public LaneOptions withLanes(String value) {
    return edited(draft -> draft.lanes = value);
  }

  public LaneOptions withChunkBytes(int value) {
    return edited(draft -> draft.chunkBytes = value);
  }

  public LaneOptions withEagerBytes(int value) {
    return edited(draft -> draft.eagerBytes = value);
  }

  public LaneOptions withSocketsPerLane(int value) {
    return edited(draft -> draft.socketsPerLane = value);
  }

  public LaneOptions withLaneLoss(LaneLoss value) {
    return edited(draft -> draft.laneLoss = value);
  }

  public LaneOptions withChecksum(Toggle value) {
    return edited(draft -> draft.checksum = value);
  }

  public LaneOptions withZeroCopy(Toggle value) {
    return edited(draft -> draft.zeroCopy = value);
  }

  public LaneOptions withWaitMode(WaitMode value) {
    return edited(draft -> draft.waitMode = value);
  }

  public LaneOptions withSilence(Duration value) {
    return edited(draft -> draft.silence = value);
  }

  public LaneOptions withLinkTimeout(Duration value) {
    return edited(draft -> draft.linkTimeout = value);
  }

  public LaneOptions withScheduler(ChunkScheduler value) {
    return edited(draft -> draft.scheduler = value);
  }

  public LaneOptions withNet(String value) {
    return edited(draft -> draft.net = value);
  }

  /** Links are TLS 1.3 by that identity; the peers must have one too. */
  public LaneOptions withIdentity(Identity value) {
    return withProtection(Protection.by(value));
  }

  /** Clear text may go to other machines: the operator has said so. */
  public LaneOptions withInsecure() {
    return withProtection(new Protection(Optional.empty(), true));
  }

  public LaneOptions withProtection(Protection value) {
    return edited(draft -> draft.protection = value);
  }

  public LaneOptions withRank(int value) {
    return edited(draft -> draft.rank = value);
  }

  private LaneOptions edited(Consumer<Draft> edit) {
    var draft = new Draft(this);
    edit.accept(draft);
    return draft.options();
  }

  /** The options while one of them changes. */
  private static final class Draft {
    String lanes;
    int chunkBytes;
    int eagerBytes;
    int socketsPerLane;
    LaneLoss laneLoss;
    Toggle checksum;
    Toggle zeroCopy;
    WaitMode waitMode;
    Duration silence;
    Duration linkTimeout;
    ChunkScheduler scheduler;
    String net;
    Protection protection;
    int rank;

    Draft(LaneOptions from) {
      lanes = from.lanes;
      chunkBytes = from.chunkBytes;
      eagerBytes = from.eagerBytes;
      socketsPerLane = from.socketsPerLane;
      laneLoss = from.laneLoss;
      checksum = from.checksum;
      zeroCopy = from.zeroCopy;
      waitMode = from.waitMode;
      silence = from.silence;
      linkTimeout = from.linkTimeout;
      scheduler = from.scheduler;
      net = from.net;
      protection = from.protection;
      rank = from.rank;
    }

    LaneOptions options() {
      return new LaneOptions(
          lanes,
          chunkBytes,
          eagerBytes,
          socketsPerLane,
          laneLoss,
          checksum,
          zeroCopy,
          waitMode,
          silence,
          linkTimeout,
          scheduler,
          net,
          protection,
          rank);
    }
  }

  /** What the native half opens lanes by, for this module's own packages. */
  @SuppressWarnings("exports")
  public NativeConfig toNative() {
    return new NativeConfig(
        rank,
        chunkBytes,
        eagerBytes,
        socketsPerLane,
        laneLoss.ordinal(),
        checksum.ordinal(),
        zeroCopy.ordinal(),
        silence.toNanos(),
        linkTimeout.toNanos(),
        lanes,
        net,
        protection.identity().map(Identity::toNative).orElse(null),
        protection.insecure());
  }

  private static int size(String text) {
    long bytes = ByteSize.parse(text);
    require(bytes <= Integer.MAX_VALUE, text + " is too large");
    return (int) bytes;
  }

  /** Who leaves it to the network does not set it. */
  private static int chunk(String text) {
    int bytes = size(text);
    require(bytes >= 1, "a chunk has 1 byte or more");
    return bytes;
  }

  private static LaneLoss laneLoss(String text) {
    return choice(LaneLoss.class, text);
  }

  private static Toggle toggle(String text) {
    return choice(Toggle.class, text);
  }

  private static WaitMode waitMode(String text) {
    return choice(WaitMode.class, text);
  }

  private static Duration millis(String text) {
    return Duration.ofMillis(Long.parseLong(text));
  }

  /** FAIL_FAST is written fail-fast. */
  private static <E extends Enum<E>> E choice(Class<E> type, String text) {
    return Arrays.stream(type.getEnumConstants())
        .filter(value -> value.name().equals(text.toUpperCase(Locale.ROOT).replace('-', '_')))
        .findFirst()
        .orElseThrow(
            () ->
                new HawserException(
                    ErrorCode.INVALID_ARGUMENT,
                    "not one of "
                        + Arrays.toString(type.getEnumConstants())
                            .toLowerCase(Locale.ROOT)
                            .replace('_', '-')));
  }

  private static boolean isPositive(Duration duration) {
    return !duration.isZero() && !duration.isNegative();
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, message);
    }
  }
}
