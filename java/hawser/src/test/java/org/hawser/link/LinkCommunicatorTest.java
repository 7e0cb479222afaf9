package org.hawser.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.ForwardingCommunicator;
import org.hawser.comm.Key;
import org.hawser.comm.LaneWorld;
import org.hawser.comm.Payload;
import org.hawser.comm.World;
import org.hawser.ffi.Leftovers;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.RequiresSpu;
import org.hawser.ffi.SpuLibrary;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.SpuRuntime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Links of the real libspu, over every mode. */
@RequiresSpu
class LinkCommunicatorTest {
  private static final LinkOptions OPTIONS =
      LinkOptions.DEFAULT.withId("test").withRecvTimeout(Duration.ofSeconds(30));
  private static final LinkOptions SHORT = OPTIONS.withRecvTimeout(Duration.ofMillis(300));
  private static final int[] MASK = {0, 2};

  private final World world = World.ofThreads(3);
  private SpuLibrary.Live before;

  @BeforeEach
  void countWhatIsLive() {
    before = SpuLibrary.reclaim();
  }

  @AfterEach
  void nothingIsLeft() {
    world.close();
    Leftovers.assertNoneSince(before);
  }

  private static List<LinkCommunicator> open(int[] mask, IntFunction<LinkCommunicator> opening) {
    List<CompletableFuture<LinkCommunicator>> parties =
        Arrays.stream(mask).mapToObj(rank -> Background.start(() -> opening.apply(rank))).toList();
    return parties.stream().map(Background::join).toList();
  }

  private List<LinkCommunicator> open(LinkMode mode, LinkOptions options) {
    List<String> addresses = mode == LinkMode.BRPC ? addresses(MASK.length) : List.of();
    return open(
        MASK,
        rank ->
            switch (mode) {
              case CHANNELS -> LinkCommunicator.channels(world.ranks().get(rank), MASK, options);
              case MEM -> LinkCommunicator.mem(rank, MASK, options);
              case BRPC -> LinkCommunicator.brpc(rank, MASK, addresses, options);
            });
  }

  /** Ports that were free a moment ago. */
  private static List<String> addresses(int count) {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0));
      }
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return sockets.stream().map(socket -> "127.0.0.1:" + socket.getLocalPort()).toList();
  }

  /** Each party at once, as {@link LinkCommunicator#close} needs it. */
  private static void close(List<LinkCommunicator> links) {
    var closing = links.stream().map(link -> Background.run(link::close)).toList();
    closing.forEach(Background::join);
  }

  /** Both parties send before either receives. */
  private static void exchange(List<LinkCommunicator> links, long bytes, boolean async) {
    var parties =
        links.stream().map(link -> Background.run(() -> exchange(link, bytes, async))).toList();
    parties.forEach(Background::join);
  }

  private static void exchange(LinkCommunicator link, long bytes, boolean async) {
    int size = link.worldSize();
    int next = (link.rank() + 1) % size;
    int previous = (link.rank() + size - 1) % size;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment own = Payload.fill(arena.allocate(bytes), link.rank());
      NativeSpu.linkSend(link.context(), next, own, async);
      MemorySegment got = NativeSpu.linkRecv(link.context(), previous, arena);
      Payload.check(got, bytes, previous);
    }
  }

  private static void assertNames(Throwable failure, String... words) {
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }

  // ----------------------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(LinkMode.class)
  void joinsTheRanksOfTheMask(LinkMode mode) {
    List<LinkCommunicator> links = open(mode, OPTIONS);
    for (int party = 0; party < MASK.length; party++) {
      LinkCommunicator link = links.get(party);
      assertEquals(mode, link.mode());
      assertEquals(2, link.worldSize());
      assertEquals(party, link.rank());
      assertEquals(party, NativeSpu.linkRank(link.context()));
      assertEquals(2, NativeSpu.linkWorldSize(link.context()));
    }
    for (long bytes : new long[] {1, 1000, 1 << 20}) {
      exchange(links, bytes, true);
      exchange(links, bytes, false);
    }
    close(links);
  }

  @Test
  void runsOverLanes() {
    try (var lanes = new LaneWorld(3)) {
      int[] all = {0, 1, 2};
      List<LinkCommunicator> links =
          open(all, rank -> LinkCommunicator.channels(lanes.rank(rank), all, OPTIONS));
      exchange(links, 8, true);
      exchange(links, 3 << 20, true);
      exchange(links, 3 << 20, false);
      close(links);
    }
  }

  @Test
  void keepsLinksApartByTheirIds() {
    List<LinkCommunicator> one = open(LinkMode.CHANNELS, OPTIONS.withId("one"));
    List<LinkCommunicator> two = open(LinkMode.CHANNELS, OPTIONS.withId("two"));
    try (Arena arena = Arena.ofConfined()) {
      NativeSpu.linkSend(one.get(0).context(), 1, Payload.fill(arena.allocate(10), 1), true);
      NativeSpu.linkSend(two.get(0).context(), 1, Payload.fill(arena.allocate(20), 2), true);
      Payload.check(NativeSpu.linkRecv(two.get(1).context(), 0, arena), 20, 2);
      Payload.check(NativeSpu.linkRecv(one.get(1).context(), 0, arena), 10, 1);
    }
    close(one);
    exchange(two, 100, true);
    close(two);
  }

  @Test
  void countsWhatItSends() {
    List<LinkCommunicator> links = open(LinkMode.CHANNELS, OPTIONS);
    LinkStatistics opened = links.getFirst().statistics();
    exchange(links, 1000, true);
    LinkStatistics exchanged = links.getFirst().statistics();
    assertEquals(1, exchanged.messages() - opened.messages());
    assertEquals(1000, exchanged.bytes() - opened.bytes());
    close(links);
  }

  @Test
  void tellsBrpcItsOptions() {
    var retry =
        new BrpcOptions.Retry(
            3,
            Duration.ofMillis(10),
            Duration.ofMillis(10),
            Duration.ofMillis(100),
            List.of(112),
            List.of(503),
            true);
    BrpcOptions brpc = BrpcOptions.DEFAULT.withProtocol("http", "pooled").withRetry(retry);
    List<LinkCommunicator> links = open(LinkMode.BRPC, OPTIONS.withBrpc(brpc));
    exchange(links, 100_000, true);
    close(links);
  }

  @Test
  void encryptsBrpc(@TempDir Path folder) throws Exception {
    String key = folder.resolve("key.pem").toString();
    String certificate = folder.resolve("certificate.pem").toString();
    assumeTrue(makeCertificate(key, certificate), "openssl is not installed");
    var tls = new BrpcOptions.Tls(certificate, key, certificate, 1);
    LinkOptions options = OPTIONS.withBrpc(BrpcOptions.DEFAULT.withTls(tls));
    List<LinkCommunicator> links = open(LinkMode.BRPC, options);
    exchange(links, 100_000, true);
    close(links);
  }

  private static boolean makeCertificate(String key, String certificate) throws Exception {
    List<String> command =
        List.of(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate);
    Optional<Process> process = start(command);
    return process.isPresent()
        && process.get().waitFor(60, TimeUnit.SECONDS)
        && process.get().exitValue() == 0;
  }

  private static Optional<Process> start(List<String> command) {
    try {
      return Optional.of(
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  // ----------------------------------------------------------------------------------------------
  // what fails

  @Test
  void refusesMasksThatCannotBe() {
    for (int[] mask : new int[][] {{}, {0}, {2, 0}, {0, 0}, {0, 3}, {-1, 0}, {1, 2}}) {
      var failure =
          assertThrows(
              HawserException.class,
              () -> LinkCommunicator.channels(world.ranks().get(0), mask, OPTIONS));
      assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
      assertNames(failure, "rank 0", Arrays.toString(mask), "CHANNELS");
    }
    assertThrows(HawserException.class, () -> LinkCommunicator.mem(1, MASK, OPTIONS));
    var failure =
        assertThrows(
            HawserException.class,
            () -> LinkCommunicator.brpc(0, MASK, List.of("127.0.0.1:1"), OPTIONS));
    assertNames(failure, "rank 0", "[0, 2]", "BRPC", "127.0.0.1:1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a:b"})
  void refusesIdsThatCannotBe(String id) {
    assertThrows(
        HawserException.class,
        () -> LinkCommunicator.channels(world.ranks().get(0), MASK, OPTIONS.withId(id)));
  }

  @Test
  void waitsForAPartyThatDoesNotComeNoLongerThanItsTimeout() {
    long start = System.nanoTime();
    var failure =
        assertThrows(
            HawserException.class,
            () -> LinkCommunicator.channels(world.ranks().get(0), MASK, SHORT));
    long waited = System.nanoTime() - start;
    assertTrue(waited < Duration.ofSeconds(20).toNanos(), "gave up after ns " + waited);
    assertNames(failure, "rank 0", "[0, 2]", "CHANNELS");
    var cause = assertInstanceOf(HawserException.class, failure.getCause());
    assertEquals(ErrorCode.TIMEOUT, cause.code());
    assertEquals(2, cause.rank());
    // The other one was not there for the first handshake, and finds it now.
    world.ranks().get(2).recv(0, "test:__test__", Duration.ZERO).close();
  }

  @Test
  void tellsWhoDied() {
    List<LinkCommunicator> links = open(LinkMode.CHANNELS, OPTIONS);
    var waiting = Background.run(() -> exchange(links.get(0), 10, true));
    world.ranks().get(2).abort("the disk is full");
    var thrown = assertThrows(CompletionException.class, () -> Background.join(waiting));
    var failure = assertInstanceOf(HawserException.class, thrown.getCause());
    assertEquals(ErrorCode.LINK_FAILED, failure.code());
    var cause = assertInstanceOf(HawserException.class, failure.getCause());
    assertEquals(2, cause.rank());
    assertNames(cause, "the disk is full");
    links.forEach(link -> link.broken(failure));
    close(links);
  }

  @Test
  void opensAnewAfterAFailure() {
    List<LinkCommunicator> links = open(LinkMode.CHANNELS, OPTIONS);
    var reason = new HawserException(ErrorCode.CANCELLED, "no more today");
    links.forEach(link -> link.broken(reason));
    close(links);
    List<LinkCommunicator> again = open(LinkMode.CHANNELS, OPTIONS.withId("again"));
    exchange(again, 10, true);
    close(again);
  }

  @Test
  void leavesTheCommunicatorToOthers() {
    List<LinkCommunicator> links = open(LinkMode.CHANNELS, OPTIONS);
    Communicator other = world.ranks().get(1);
    try (Arena arena = Arena.ofConfined()) {
      other.sendSync(0, "0", Payload.fill(arena.allocate(5), 3), Duration.ofSeconds(10));
      exchange(links, 10, true);
      world.ranks().get(0).recv(1, "0", Duration.ofSeconds(10)).close();
    }
    close(links);
  }

  // ----------------------------------------------------------------------------------------------

  private static final LinkOptions ROOT =
      OPTIONS.withId("root").withTag(BaseChannel.DEFAULT_PREFIX);

  /** Notes the keys that a rank sends under, in their order. */
  private static final class Recorder extends ForwardingCommunicator {
    final List<String> keys = new CopyOnWriteArrayList<>();

    Recorder(Communicator carrier) {
      super(carrier);
    }

    @Override
    public void send(
        int to, Key key, long address, long bytes, Completion completion, long context) {
      keys.add(key.toString());
      super.send(to, key, address, bytes, completion, context);
    }

    @Override
    public void deliver(
        int to, Key key, long address, long bytes, Completion completion, long context) {
      keys.add(key.toString());
      super.deliver(to, key, address, bytes, completion, context);
    }
  }

  private List<LinkCommunicator> spawn(List<LinkCommunicator> links) {
    return links.stream().map(LinkCommunicator::spawn).toList();
  }

  /** As a process of mplang names them, which was recorded once. */
  @Test
  void spawnedLinksGoUnderTheNamesOfYacl() {
    var recorder = new Recorder(world.ranks().get(2));
    List<LinkCommunicator> links =
        open(
            MASK,
            rank ->
                LinkCommunicator.channels(
                    rank == 2 ? recorder : world.ranks().get(rank), MASK, ROOT));
    assertEquals(List.of("spu:__test__"), recorder.keys);

    for (int job = 0; job < 2; job++) {
      recorder.keys.clear();
      List<LinkCommunicator> spawned = spawn(links);
      assertEquals(List.of(), recorder.keys);
      List<SpuRuntime> runtimes =
          spawned.stream()
              .map(
                  link ->
                      Background.start(
                          () ->
                              new SpuRuntime(link, RuntimeConfig.of(Protocol.SEMI2K, Field.FM64))))
              .toList()
              .stream()
              .map(Background::join)
              .toList();
      String root = "spu:root-" + job;
      assertEquals(
          List.of(
              root + ":1:ALLGATHER",
              root + ":2:ALLGATHER",
              root + ":P2P-1:1->0",
              root + ":3:GATHER"),
          recorder.keys);
      runtimes.forEach(SpuRuntime::close);
      close(spawned);
    }
    close(links);
  }

  @Test
  void spawnedLinksDoNotTouchEachOther() {
    List<LinkCommunicator> links = open(LinkMode.CHANNELS, ROOT);
    List<LinkCommunicator> failing = spawn(links);
    List<LinkCommunicator> sound = spawn(links);
    CompletableFuture<Void> waiting =
        Background.run(() -> NativeSpu.linkRecv(failing.get(1).context(), 0, Arena.ofAuto()));

    exchange(sound, 100, true);
    failing.get(0).broken(new HawserException(ErrorCode.INTERNAL, "it broke"));
    var failure = assertThrows(CompletionException.class, waiting::join);
    assertNames(failure.getCause(), "rank 0 gave up: it broke");
    exchange(sound, 100, true);
    List<LinkCommunicator> later = spawn(links);
    exchange(later, 100, true);

    failing.get(1).broken(new HawserException(ErrorCode.INTERNAL, "so it did here"));
    List.of(failing, sound, later, links).forEach(LinkCommunicatorTest::close);
    // Nor is anything left of them.
    world.ranks().forEach(rank -> assertEquals(0, rank.statistics().bytesWaiting()));
  }

  @Test
  void linksOfLibspusOwnDoNotSpawn() {
    List<LinkCommunicator> links = open(LinkMode.MEM, OPTIONS);
    var failure = assertThrows(HawserException.class, links.get(0)::spawn);
    assertEquals(ErrorCode.UNSUPPORTED, failure.code());
    close(links);
  }
}
