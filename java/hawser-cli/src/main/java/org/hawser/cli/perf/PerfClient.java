package org.hawser.cli.perf;

import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.LaneShare;
import org.hawser.lane.LaneStatistics;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;

/** The end that plans and reports. It uses one link, for one plan after the other. */
final class PerfClient implements AutoCloseable {
  private final Lanes lanes;
  private final Link link;
  private final Control control;
  private final Outages outages = new Outages();
  private final List<List<LaneStatistics>> edges = new ArrayList<>();

  PerfClient(Lanes lanes, Link link) {
    this.lanes = lanes;
    this.link = link;
    this.control = new Control(link);
    link.onEvent(outages::take);
  }

  /**
   * Measures as planned.
   *
   * @throws HawserException when the server refuses, or the link fails
   */
  PerfResult measure(Plan plan) {
    edges.clear();
    outages.clear();
    var clock = new Clock(() -> edges.add(link.lanes()));
    var arrivals = new Arrivals(plan.bytes(), new Clock(() -> {}));
    Waiting waiting = Waiting.of(lanes, plan.waitMode());
    switch (plan.op()) {
      case bw -> send(plan, waiting, clock);
      case bibw -> sendAndReceive(plan, waiting, clock, arrivals);
      case lat -> ask(plan, waiting, clock, arrivals);
    }
    return result(plan, clock, arrivals, control.receive(ServerReport.class, Waiting.LIMIT));
  }

  private void agree(Plan plan) {
    control.send(plan, Waiting.LIMIT);
    ServerReport answer = control.receive(ServerReport.class, Waiting.LIMIT);
    if (answer.refusal() != null) {
      throw new HawserException(
          ErrorCode.REFUSED, "%s refuses: %s".formatted(link.peer(), answer.refusal()));
    }
  }

  private void send(Plan plan, Waiting waiting, Clock clock) {
    try (var slots = Slots.filled(link, plan, plan.window())) {
      agree(plan);
      new StreamSender(plan, waiting, clock, slots).run();
    }
  }

  private void sendAndReceive(Plan plan, Waiting waiting, Clock clock, Arrivals arrivals) {
    try (var outgoing = Slots.filled(link, plan, plan.window());
        var incoming = new Slots(link, plan, plan.window())) {
      agree(plan);
      var receiver = new StreamReceiver(waiting, arrivals, incoming);
      BothWays.run(link, new StreamSender(plan, waiting, clock, outgoing), receiver);
    }
  }

  private void ask(Plan plan, Waiting waiting, Clock clock, Arrivals arrivals) {
    try (var outgoing = Slots.filled(link, plan, PingPong.PLACES);
        var incoming = new Slots(link, plan, PingPong.PLACES)) {
      agree(plan);
      new PingPong(waiting, arrivals, outgoing, incoming).ask(plan, clock);
    }
  }

  private PerfResult result(Plan plan, Clock clock, Arrivals arrivals, ServerReport server) {
    Stretch mine = clock.stretch();
    Stretch theirs = server.sent();
    boolean both = theirs != null;
    String wrong = server.wrong() != null ? server.wrong() : arrivals.wrong();
    double gbitPerS = mine.gbitPerS(plan.bytes());
    return new PerfResult(
        plan.op(),
        plan.bytes(),
        plan.memory(),
        plan.window(),
        mine.messages() + (both ? theirs.messages() : 0),
        mine.seconds(),
        both
            ? gbitPerS + theirs.gbitPerS(plan.bytes())
            : plan.op() == Operation.lat ? 2 * gbitPerS : gbitPerS,
        clock.percentileUs(50),
        clock.percentileUs(99),
        clock.cpuSeconds() + server.cpuSeconds(),
        wrong == null,
        shares(plan.op()),
        both ? Math.max(mine.longestStallMs(), theirs.longestStallMs()) : mine.longestStallMs(),
        outages.longestMs(),
        wrong,
        null);
  }

  private List<LaneShare> shares(Operation op) {
    return op == Operation.bw
        ? LaneShare.sent(edges.getFirst(), edges.getLast())
        : LaneShare.both(edges.getFirst(), edges.getLast());
  }

  Link link() {
    return link;
  }

  @Override
  public void close() {
    link.close();
    control.close();
  }
}
