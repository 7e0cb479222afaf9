package org.hawser.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hawser.lane.LaneOptions;
import org.hawser.launch.Launch;
import org.hawser.mem.Buffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortChannel;
import org.hawser.port.PortContext;
import org.hawser.port.ProxyService;
import org.hawser.port.Transport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Round trips of 8 bytes between two JVMs that spin: put with signal and wait over the transport
 * Memory, by turns with a word that each stores for the other, in shared memory of the same kind.
 * By turns in short batches, since what a word costs between two cores changes with where they are
 * and with who else uses them. Each iteration prints both, and what is between them.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class PortPingPong {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Round trips of each kind in an invocation: well within a slice of the scheduler's. */
  private static final int BATCH = 256;

  /** Arguments: where to meet, and the file of the words. */
  public static void main(String[] arguments) throws IOException {
    var words = new Words(Path.of(arguments[1]));
    try (var side = new Side(1, arguments[0])) {
      for (long round = 0; words.answer(round, BATCH); round += BATCH) {
        side.answer(BATCH);
      }
    }
  }

  private static Process other(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                PortPingPong.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).inheritIO().start();
  }

  /** One of the two ranks. Each puts from and into places of its own, a cache line apart. */
  private static final class Side implements AutoCloseable {
    private static final long LINE = 64;

    private final Launch launch;
    private final PortContext context;
    private final Buffer buffer = Buffer.allocateShared(2 * LINE);
    private final PortChannel channel;
    private final long place;

    Side(int rank, String meetingPoint) {
      place = rank * LINE;
      launch = Launch.join(rank, 2, meetingPoint, LIMIT);
      context =
          PortContext.open(LaneOptions.defaults().withLanes("lo").withRank(rank), "127.0.0.1");
      var memory = context.register(buffer.segment(), Transport.MEMORY);
      var proxy = new ProxyService(context);
      channel =
          PortBootstrap.over(launch, context)
              .meet(EndpointConfig.of(Transport.MEMORY), memory, 1 - rank, LIMIT)
              .await()
              .channel(proxy, memory);
      proxy.startProxy();
    }

    void ask(int times) {
      for (int i = 0; i < times; i++) {
        channel.putWithSignal(place, place, Long.BYTES);
        channel.awaitSignal(LIMIT);
      }
    }

    void answer(int times) {
      for (int i = 0; i < times; i++) {
        channel.awaitSignal(LIMIT);
        channel.putWithSignal(place, place, Long.BYTES);
      }
    }

    @Override
    public void close() {
      context.close();
      buffer.close();
      launch.close();
    }
  }

  /** A word each way, a page apart, in a file that both processes map. */
  private static final class Words {
    private static final long THERE = 0;
    private static final long BACK = 4096;
    static final long BYTES = 2 * BACK;
    private static final long END = -1;

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final MemorySegment memory;

    Words(Path file) throws IOException {
      try (var channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.ofAuto());
      }
    }

    private void store(long at, long value) {
      WORD.setRelease(memory, at, value);
    }

    /** False when the end is told instead. */
    private boolean await(long at, long value) {
      long seen;
      while ((seen = (long) WORD.getAcquire(memory, at)) != value) {
        if (seen == END) {
          return false;
        }
        Thread.onSpinWait();
      }
      return true;
    }

    void ask(long after, int times) {
      for (long round = after + 1; round <= after + times; round++) {
        store(THERE, round);
        await(BACK, round);
      }
    }

    /** False when there are no more. */
    boolean answer(long after, int times) {
      for (long round = after + 1; round <= after + times; round++) {
        if (!await(THERE, round)) {
          return false;
        }
        store(BACK, round);
      }
      return true;
    }

    void end() {
      store(THERE, END);
    }
  }

  /** Both ways between this process and the peer that answers. */
  @State(Scope.Benchmark)
  public static class Pair {
    private Path file;
    private Process peer;
    private Words words;
    private Side side;
    private long round;

    @Setup(Level.Trial)
    public void start() throws IOException {
      file = Files.createTempFile(Path.of("/dev/shm"), "hawser-ping-pong-", "");
      Files.write(file, new byte[(int) Words.BYTES]);
      words = new Words(file);
      String point;
      try (var socket = new ServerSocket(0)) {
        point = "127.0.0.1:" + socket.getLocalPort();
      }
      peer = other(point, file.toString());
      side = new Side(0, point);
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
      words.end();
      peer.waitFor();
      side.close();
      Files.delete(file);
    }
  }

  /** What the batches of an iteration took, nanoseconds of a round trip. */
  @State(Scope.Thread)
  public static class RoundTrips {
    private final List<Double> words = new ArrayList<>();
    private final List<Double> ports = new ArrayList<>();

    private void add(long begin, long between, long end) {
      words.add((double) (between - begin) / BATCH);
      ports.add((double) (end - between) / BATCH);
    }

    @TearDown(Level.Iteration)
    public void print() {
      double word = quick(words);
      double port = quick(ports);
      System.out.printf("words %.0f ns, ports %.0f ns: %.2f x, ", word, port, port / word);
      words.clear();
      ports.clear();
    }

    /** The tenth percentile: of the batches that nobody else's work broke into. */
    private static double quick(List<Double> batches) {
      return batches.stream().sorted().skip(batches.size() / 10).findFirst().orElseThrow();
    }
  }

  @Benchmark
  public void sideBySide(Pair pair, RoundTrips taken) {
    long begin = System.nanoTime();
    pair.words.ask(pair.round, BATCH);
    long between = System.nanoTime();
    pair.side.ask(BATCH);
    taken.add(begin, between, System.nanoTime());
    pair.round += BATCH;
  }
}
