package org.hawser.cli.perf;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import org.hawser.HawserException;
import org.hawser.cli.common.Control;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;

/** The end that does what clients plan; one call of {@link #serve} a link. */
final class PerfServer {
  private static final long MEMORY =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();

  /** What one client may ask for of this machine's memory. */
  private static final long SHARE = 4;

  private final Lanes lanes;
  private final Link link;
  private final Control control;

  private PerfServer(Lanes lanes, Link link, Control control) {
    this.lanes = lanes;
    this.link = link;
    this.control = control;
  }

  /**
   * Serves a client until it closes the link.
   *
   * @throws HawserException when the link fails
   */
  static void serve(Lanes lanes, Link link) {
    try (var control = new Control(link)) {
      var server = new PerfServer(lanes, link, control);
      Optional<Plan> plan = control.receiveUnlessClosed(Plan.class, Waiting.LIMIT);
      while (plan.isPresent()) {
        server.follow(plan.get());
        plan = control.receiveUnlessClosed(Plan.class, Waiting.LIMIT);
      }
    }
  }

  private void follow(Plan plan) {
    String refusal = refusal(plan);
    if (refusal != null) {
      tell(ServerReport.refused(refusal));
      return;
    }
    var clock = new Clock(() -> {});
    var arrivals = new Arrivals(plan.bytes(), clock);
    Waiting waiting = Waiting.of(lanes, plan.waitMode());
    Stretch sent =
        switch (plan.op()) {
          case bw -> receive(plan, waiting, arrivals);
          case bibw -> receiveAndSend(plan, waiting, arrivals);
          case lat -> answer(plan, waiting, arrivals);
        };
    tell(new ServerReport(null, arrivals.wrong(), clock.cpuSeconds(), sent));
  }

  private static String refusal(Plan plan) {
    if (plan.version() != Plan.VERSION) {
      return "it speaks version %d of perf, this client %d: install one release on both ends"
          .formatted(Plan.VERSION, plan.version());
    }
    if (plan.window() < 1 || plan.bytes() < 1 || plan.bytes() > MEMORY / SHARE / plan.window()) {
      return "%d messages of %d bytes in flight are more than it has memory for"
          .formatted(plan.window(), plan.bytes());
    }
    try {
      MemoryChoice.parse(plan.memory()).require();
    } catch (HawserException e) {
      return "memory %s cannot be had there: %s".formatted(plan.memory(), e.getMessage());
    }
    return null;
  }

  private void tell(ServerReport report) {
    control.send(report, Waiting.LIMIT);
  }

  private Stretch receive(Plan plan, Waiting waiting, Arrivals arrivals) {
    try (var slots = new Slots(link, plan, plan.window())) {
      var receiver = new StreamReceiver(waiting, arrivals, slots);
      tell(ServerReport.ready());
      receiver.run();
      return null;
    }
  }

  private Stretch receiveAndSend(Plan plan, Waiting waiting, Arrivals arrivals) {
    try (var incoming = new Slots(link, plan, plan.window());
        var outgoing = Slots.filled(link, plan, plan.window())) {
      var receiver = new StreamReceiver(waiting, arrivals, incoming);
      var clock = new Clock(() -> {});
      tell(ServerReport.ready());
      var sender = new StreamSender(plan, waiting, clock, outgoing);
      BothWays.run(link, sender, receiver);
      return clock.stretch();
    }
  }

  private Stretch answer(Plan plan, Waiting waiting, Arrivals arrivals) {
    try (var incoming = new Slots(link, plan, PingPong.PLACES);
        var outgoing = Slots.filled(link, plan, PingPong.PLACES)) {
      var pingPong = new PingPong(waiting, arrivals, outgoing, incoming);
      tell(ServerReport.ready());
      pingPong.answer();
      return null;
    }
  }
}
