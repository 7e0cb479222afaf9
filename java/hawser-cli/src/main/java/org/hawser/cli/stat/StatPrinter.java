package org.hawser.cli.stat;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.hawser.cli.stat.ProcessStat.ErrorStat;
import org.hawser.cli.stat.ProcessStat.EventStat;
import org.hawser.cli.stat.ProcessStat.LaneStat;
import org.hawser.cli.stat.ProcessStat.LinkStat;
import org.hawser.cli.stat.ProcessStat.PortStat;
import org.hawser.cli.stat.WaitGraph.Wait;

/** What {@code hawser stat} tells people. */
final class StatPrinter {
  private final PrintWriter out;

  StatPrinter(PrintWriter out) {
    this.out = out;
  }

  /** A line a process. */
  void list(List<ProcessStat> processes) {
    if (processes.isEmpty()) {
      out.println("no process of this user on this machine has links or ports");
      return;
    }
    out.printf(
        "%-8s %4s  %-8s %-12s %5s %9s %9s %5s %6s%n",
        "PID", "RANK", "STATE", "PROGRAM", "LINKS", "SENT", "RECEIVED", "PORTS", "ERRORS");
    for (ProcessStat process : processes) {
      out.printf(
          "%-8d %4s  %-8s %-12s %5d %9s %9s %5d %6d%n",
          process.pid(),
          process.rank() < 0 ? "-" : Integer.toString(process.rank()),
          state(process),
          process.program(),
          process.links().size(),
          Words.bytes(sum(process, true)),
          Words.bytes(sum(process, false)),
          process.ports().size(),
          process.errors().size());
    }
  }

  /** All of one process but its waits. */
  void show(ProcessStat process, int events) {
    out.printf(
        "process %d (%s%s) %s, %s, since %s%n",
        process.pid(),
        process.program(),
        process.rank() < 0 ? "" : ", rank " + process.rank(),
        process.hasDied() ? "is DEAD" : "is " + state(process),
        process.file(),
        process.opened());
    process.links().forEach(this::print);
    process.ports().forEach(this::print);
    process
        .proxies()
        .forEach(
            proxy ->
                out.printf(
                    "proxy: %d triggers served, %d of %d wait%n",
                    proxy.served(), proxy.depth(), proxy.capacity()));
    if (process.leftOut() > 0) {
      out.printf("%d more had no room in the file%n", process.leftOut());
    }
    if (process.hasDied()) {
      process.waits().forEach(wait -> out.printf("when it died it waited: %s%n", wait.what()));
    }
    process.errors().forEach(this::print);
    List<EventStat> all = process.events();
    all.subList(Math.max(0, all.size() - events), all.size()).forEach(this::print);
  }

  void waits(WaitGraph graph) {
    for (Wait wait : graph.waits()) {
      out.printf(
          "%s waits for %s for %.1f s: %s; at most %.1f s more%n",
          wait.waiter(), wait.peer(), wait.seconds(), wait.what(), wait.secondsLeft());
    }
    for (List<String> cycle : graph.cycles()) {
      out.printf(
          "IN A CIRCLE: %s -> %s wait for each other%n",
          String.join(" -> ", cycle), cycle.getFirst());
    }
  }

  private void print(LinkStat link) {
    out.printf(
        "link to %s: %s%s, driven %.1f s ago, %d to be acknowledged, %d receives wait%n",
        link.peer(),
        link.state(),
        link.encrypted() ? ", TLS" : "",
        link.idleS(),
        link.unacknowledged(),
        link.receives());
    link.lanes().forEach(this::print);
  }

  private void print(LaneStat lane) {
    out.printf(
        "  lane %-2d %-10s %-9s sent %8s, received %8s, %8s/s, again %8s, lost %d, back %d%s%s, %s%n",
        lane.lane(),
        lane.device(),
        lane.state(),
        Words.bytes(lane.sentBytes()),
        Words.bytes(lane.receivedBytes()),
        Words.bytes(lane.rate()),
        Words.bytes(lane.resentBytes()),
        lane.losses(),
        lane.returns(),
        lane.checksumErrors() == 0 ? "" : ", %d checksums wrong".formatted(lane.checksumErrors()),
        lane.strangers() == 0 ? "" : ", %d strangers".formatted(lane.strangers()),
        lane.idleS() < 0 ? "nothing has moved" : "moved %.1f s ago".formatted(lane.idleS()));
  }

  private void print(PortStat port) {
    out.printf(
        "port to %s over %s: %s, %d puts of %s, %d signals, %d works wait%n",
        port.peer(),
        port.transport(),
        port.state(),
        port.puts(),
        Words.bytes(port.bytes()),
        port.signals(),
        port.queued());
  }

  private void print(ErrorStat error) {
    out.printf(
        "error %s %s%s: %s%n",
        error.time(),
        error.code(),
        where(error.peer(), error.lane(), error.device()),
        error.text());
  }

  private void print(EventStat event) {
    out.printf(
        "event %s %s%s%s%n",
        event.time(),
        event.kind(),
        where(event.peer(), event.lane(), event.device()),
        event.text().isEmpty() ? "" : ": " + event.text());
  }

  private static String where(int peer, int lane, String device) {
    String text = peer < 0 ? "" : ", rank " + peer;
    return lane < 0 ? text : "%s, lane %d (%s)".formatted(text, lane, device);
  }

  private static String state(ProcessStat process) {
    return process.state().name().toLowerCase(Locale.ROOT);
  }

  private static long sum(ProcessStat process, boolean sent) {
    return process.links().stream()
        .flatMap(link -> link.lanes().stream())
        .mapToLong(lane -> sent ? lane.sentBytes() : lane.receivedBytes())
        .sum();
  }
}
