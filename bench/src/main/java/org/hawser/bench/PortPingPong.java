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
import org.hawser.HawserException;
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
 * A round trip of 8 bytes between two JVMs that spin: put with signal and wait over the transport
 * Memory, beside a word that each stores in turn, in shared memory of the same kind.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class PortPingPong {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Arguments: {@code port} and where to meet, or {@code word} and the file. */
  public static void main(String[] arguments) throws IOException {
    if (arguments[0].equals("port")) {
      try (var side = new Side(1, arguments[1])) {
        while (true) {
          side.channel.awaitSignal(LIMIT);
          side.channel.putWithSignal(0, 0, Long.BYTES);
        }
      } catch (HawserException e) {
        return; // The other side has closed.
      }
    }
    var words = new Words(Path.of(arguments[1]));
    for (long round = 1; words.await(Words.THERE, round); round++) {
      words.store(Words.BACK, round);
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

  /** One of the two ranks. */
  private static final class Side implements AutoCloseable {
    private final Launch launch;
    private final PortContext context;
    private final Buffer buffer = Buffer.allocateShared(Long.BYTES);
    final PortChannel channel;

    Side(int rank, String meetingPoint) {
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

    @Override
    public void close() {
      context.close();
      buffer.close();
      launch.close();
    }
  }

  /** A word each way, a page apart, in a file that both processes map. */
  private static final class Words {
    static final long THERE = 0;
    static final long BACK = 4096;
    static final long END = -1;

    private static final VarHandle WORD = JAVA_LONG.varHandle();

    private final MemorySegment memory;

    Words(Path file) throws IOException {
      try (var channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, 2 * BACK, Arena.ofAuto());
      }
    }

    void store(long at, long value) {
      WORD.setRelease(memory, at, value);
    }

    /** False when the end is told instead. */
    boolean await(long at, long value) {
      long seen;
      while ((seen = (long) WORD.getAcquire(memory, at)) != value) {
        if (seen == END) {
          return false;
        }
        Thread.onSpinWait();
      }
      return true;
    }
  }

  /** The ports, and the peer that answers. */
  @State(Scope.Benchmark)
  public static class Ports {
    private Process peer;
    private Side side;

    @Setup(Level.Trial)
    public void start() throws IOException {
      String point;
      try (var socket = new ServerSocket(0)) {
        point = "127.0.0.1:" + socket.getLocalPort();
      }
      peer = other("port", point);
      side = new Side(0, point);
    }

    @TearDown(Level.Trial)
    public void stop() throws InterruptedException {
      side.close();
      peer.waitFor();
    }
  }

  /** The bare words, and the peer that answers. */
  @State(Scope.Benchmark)
  public static class Bare {
    private Path file;
    private Process peer;
    private Words words;
    private long round;

    @Setup(Level.Trial)
    public void start() throws IOException {
      file = Files.createTempFile(Path.of("/dev/shm"), "hawser-ping-pong-", "");
      Files.write(file, new byte[(int) (2 * Words.BACK)]);
      words = new Words(file);
      peer = other("word", file.toString());
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
      words.store(Words.THERE, Words.END);
      peer.waitFor();
      Files.delete(file);
    }
  }

  @Benchmark
  public void putSignalWait(Ports ports) {
    PortChannel channel = ports.side.channel;
    channel.putWithSignal(0, 0, Long.BYTES);
    channel.awaitSignal(LIMIT);
  }

  @Benchmark
  public void bareWords(Bare bare) {
    bare.round++;
    bare.words.store(Words.THERE, bare.round);
    bare.words.await(Words.BACK, bare.round);
  }
}
