package org.hawser.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.http.HttpCommunicator;
import org.hawser.http.HttpCommunicatorOptions;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A message to a peer in this process and 8 bytes back, over HTTP at loopback and between threads:
 * what HTTP adds to a round of a protocol, and how fast long messages go.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class HttpCommunicatorBenchmark {
  private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final Key THERE = Key.of("spu:root-0:P2P-1:0->1");
  private static final Key BACK = Key.of("spu:root-0:P2P-1:1->0");

  @Param({"http", "threads"})
  private String transport;

  @Param({"8", "16384", "16777216"})
  private long bytes;

  private final Arena arena = Arena.ofShared();
  private List<HttpNode> nodes = List.of();
  private List<? extends Communicator> ranks;
  private MemorySegment message;
  private Thread peer;

  /** Two ranks, of which the second answers. */
  @Setup
  public void open() {
    ranks = transport.equals("http") ? overHttp() : ThreadCommunicator.world(2);
    message = arena.allocate(bytes);
    peer = Thread.ofPlatform().start(this::answer);
  }

  private List<? extends Communicator> overHttp() {
    nodes = Stream.generate(() -> HttpNode.open(HttpOptions.DEFAULT)).limit(2).toList();
    List<String> endpoints = nodes.stream().map(node -> node.address().toString()).toList();
    return IntStream.range(0, 2)
        .mapToObj(
            rank ->
                HttpCommunicator.open(
                    nodes.get(rank), rank, endpoints, HttpCommunicatorOptions.DEFAULT))
        .toList();
  }

  private void answer() {
    MemorySegment short8 = arena.allocate(Long.BYTES);
    try {
      while (true) {
        ranks.get(1).recv(0, THERE, TIMEOUT_NANOS).close();
        ranks.get(1).send(0, BACK, short8.address(), short8.byteSize(), Completion.IGNORED, 0);
      }
    } catch (HawserException e) {
      // The communicator was closed.
    }
  }

  /** Ends the ranks. */
  @TearDown
  public void close() throws InterruptedException {
    ranks.forEach(Communicator::close);
    nodes.forEach(HttpNode::close);
    peer.join();
    arena.close();
  }

  /** There and back. */
  @Benchmark
  public long roundTrip() {
    ranks.get(0).send(1, THERE, message.address(), bytes, Completion.IGNORED, 0);
    try (Message back = ranks.get(0).recv(1, BACK, TIMEOUT_NANOS)) {
      return back.bytes();
    }
  }
}
