package org.hawser.cli.stat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.hawser.cli.stat.ProcessStat.LinkStat;
import org.hawser.cli.stat.ProcessStat.WaitStat;

/** Who waits for whom, over all processes that run. */
final class WaitGraph {
  /**
   * Somebody who waits.
   *
   * @param peerPid 0 when the peer is on another machine, or has no file
   */
  record Wait(
      int pid,
      int rank,
      int peerPid,
      int peerRank,
      String what,
      double seconds,
      double secondsLeft) {
    String waiter() {
      return name(pid, rank);
    }

    String peer() {
      return peerPid == 0 ? Words.rank(peerRank, "its peer") : name(peerPid, peerRank);
    }

    private static String name(int pid, int rank) {
      return rank >= 0 ? "rank %d (pid %d)".formatted(rank, pid) : "process " + pid;
    }
  }

  /** Longer chains are not followed. */
  private static final int LONGEST = 1000;

  private final List<ProcessStat> processes;
  private final List<Wait> waits;

  WaitGraph(List<ProcessStat> all) {
    processes = all.stream().filter(process -> !process.hasDied()).toList();
    waits =
        processes.stream()
            .flatMap(process -> process.waits().stream().map(wait -> resolve(process, wait)))
            .sorted(Comparator.comparingDouble(Wait::seconds).reversed())
            .toList();
  }

  /** Who has waited longest first. */
  List<Wait> waits() {
    return waits;
  }

  /** Parties that wait for each other, around: the first of each waits for the second one. */
  List<List<String>> cycles() {
    Map<String, Set<String>> edges = new LinkedHashMap<>();
    for (Wait wait : waits) {
      if (wait.peerPid != 0) {
        edges.computeIfAbsent(wait.waiter(), _ -> new HashSet<>()).add(wait.peer());
      }
    }
    List<List<String>> cycles = new ArrayList<>();
    Set<String> done = new HashSet<>();
    for (String start : edges.keySet()) {
      findCycles(start, edges, new ArrayList<>(), done, cycles);
    }
    return cycles;
  }

  private static void findCycles(
      String at,
      Map<String, Set<String>> edges,
      List<String> path,
      Set<String> done,
      List<List<String>> cycles) {
    int before = path.indexOf(at);
    if (before >= 0) {
      cycles.add(List.copyOf(path.subList(before, path.size())));
      return;
    }
    if (done.contains(at) || path.size() == LONGEST) {
      return;
    }
    path.add(at);
    edges.getOrDefault(at, Set.of()).forEach(next -> findCycles(next, edges, path, done, cycles));
    path.removeLast();
    done.add(at);
  }

  private Wait resolve(ProcessStat process, WaitStat wait) {
    int rank = wait.rank() >= 0 ? wait.rank() : process.rank();
    Optional<ProcessStat> peer = peer(process, wait);
    int peerRank = wait.peer() >= 0 ? wait.peer() : peer.map(ProcessStat::rank).orElse(wait.peer());
    return new Wait(
        process.pid(),
        rank,
        peer.map(ProcessStat::pid).orElse(0),
        peerRank,
        wait.what(),
        wait.seconds(),
        wait.secondsLeft());
  }

  private Optional<ProcessStat> peer(ProcessStat process, WaitStat wait) {
    if (wait.peerPid() != 0) {
      return find(process, wait.peerPid());
    }
    List<LinkStat> links =
        process.links().stream().filter(link -> link.peerRank() == wait.peer()).toList();
    if (!links.isEmpty()) {
      // Without ranks only a link that is alone tells whose it is.
      return links.size() > 1 && wait.peer() < 0
          ? Optional.empty()
          : find(process, links.getFirst().peerPid());
    }
    // Parties that are threads of one process have no links.
    boolean within =
        wait.peer() >= 0 && process.waits().stream().anyMatch(w -> w.rank() == wait.peer());
    return within ? Optional.of(process) : Optional.empty();
  }

  /** The process on this machine, if it says the same: numbers of other machines mean others. */
  private Optional<ProcessStat> find(ProcessStat process, int pid) {
    return processes.stream()
        .filter(other -> other.pid() == pid && other.host().equals(process.host()))
        .filter(other -> peers(other).anyMatch(peer -> peer == process.pid()))
        .findFirst();
  }

  private static Stream<Integer> peers(ProcessStat process) {
    return Stream.concat(
        process.links().stream().map(LinkStat::peerPid),
        process.ports().stream().map(ProcessStat.PortStat::peerPid));
  }
}
