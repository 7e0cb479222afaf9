package org.hawser.cli.port;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.lane.LaneOptions;
import org.hawser.launch.Launch;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortChannel;
import org.hawser.port.PortContext;
import org.hawser.port.ProxyService;
import org.hawser.port.RegisteredMemory;
import org.hawser.port.Transport;

/** One of the two ranks, from its set-up to its results. */
final class PortRank {
  private static final Duration MEET = Duration.ofSeconds(60);
  private static final int RANKS = 2;

  private final Launch launch;
  private final LaneOptions lanes;
  private final String address;
  private final int peer;

  /**
   * @param address where peers reach this process; empty for the first lane's
   */
  PortRank(Launch launch, LaneOptions lanes, String address) {
    if (launch.size() != RANKS) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: the example runs between 2 ranks, not %d".formatted(launch, launch.size()));
    }
    this.launch = launch;
    this.lanes = lanes.withRank(launch.rank());
    this.address = address;
    this.peer = RANKS - 1 - launch.rank();
  }

  /** How many iterations a size is measured with. */
  @FunctionalInterface
  interface Iterations {
    int of(long bytes);
  }

  /**
   * Runs all sizes.
   *
   * @param wanted null for the best that both ranks have
   * @param gpu whose kernel puts, over CudaIpc; all other transports put from host memory
   * @param results is told each result, at rank 0
   * @return whether all data was right
   */
  boolean run(
      Transport wanted,
      int gpu,
      List<Long> sizes,
      Iterations iterations,
      Consumer<PortResult> results) {
    long room = 2 * sizes.stream().mapToLong(Long::longValue).max().orElseThrow();
    Transport transport = wanted != null ? wanted : agree();
    boolean onGpu = transport == Transport.CUDA_IPC;
    try (var device = onGpu ? DeviceBuffer.allocate(gpu, room) : null) {
      boolean verified = run(transport, device, room, sizes, iterations, results);
      launch.fence(MEET); // The peer has let go of the memory.
      return verified;
    }
  }

  private boolean run(
      Transport transport,
      DeviceBuffer device,
      long room,
      List<Long> sizes,
      Iterations iterations,
      Consumer<PortResult> results) {
    try (var context = PortContext.open(lanes, address);
        var buffer = Buffer.allocateShared(room);
        var proxy = new ProxyService(context)) {
      var example =
          new Bidirectional(
              device == null
                  ? onHost(context, transport, buffer.segment(), proxy)
                  : onGpu(context, transport, device, buffer.segment(), proxy),
              launch.rank());
      proxy.startProxy();
      boolean verified = true;
      for (long bytes : sizes) {
        verified &= measure(example, transport, bytes, iterations.of(bytes), results);
      }
      proxy.stopProxy();
      launch.fence(MEET); // The peer's last waits are over: connections may go.
      return verified;
    }
  }

  private Putter onHost(
      PortContext context, Transport transport, MemorySegment memory, ProxyService proxy) {
    var registered = context.register(memory, transport);
    return new HostPutter(
        channel(context, EndpointConfig.of(transport), registered, proxy), memory, launch.rank());
  }

  private Putter onGpu(
      PortContext context,
      Transport transport,
      DeviceBuffer device,
      MemorySegment view,
      ProxyService proxy) {
    var config = EndpointConfig.of(transport).withDevice(device.gpu());
    var registered = context.register(device, transport);
    return new KernelPutter(
        channel(context, config, registered, proxy), device, view, launch.rank());
  }

  private PortChannel channel(
      PortContext context, EndpointConfig config, RegisteredMemory memory, ProxyService proxy) {
    return PortBootstrap.over(launch, context)
        .meet(config, memory, peer, MEET)
        .await()
        .channel(proxy, memory);
  }

  private boolean measure(
      Bidirectional example,
      Transport transport,
      long bytes,
      int iterations,
      Consumer<PortResult> results) {
    var own = example.measure(bytes, iterations);
    var other = swap("finding-" + bytes, own, Bidirectional.Finding.class);
    boolean verified = own.verified() && other.verified();
    if (launch.rank() == 0) {
      results.accept(PortResult.of(transport.title(), bytes, own.nanosPerIter(), verified));
    }
    return verified;
  }

  private Transport agree() {
    try (var context = PortContext.open(lanes, address)) {
      var here = Whereabouts.here(context);
      return here.best(swap("whereabouts", here, Whereabouts.class));
    }
  }

  private <T> T swap(String key, T own, Class<T> type) {
    launch.put(key, Json.write(own).getBytes(StandardCharsets.UTF_8));
    launch.commit();
    return Json.read(launch.get(peer, key, MEET), type);
  }
}
