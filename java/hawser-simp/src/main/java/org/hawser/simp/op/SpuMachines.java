package org.hawser.simp.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hawser.HawserException;
import org.hawser.link.LinkCommunicator;
import org.hawser.simp.Job;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.RuntimeConfig;

/** The machines of one job, and their links: closed with it, broken when it is cancelled. */
final class SpuMachines implements AutoCloseable {
  private final Job job;
  private final Map<Key, SpuMachine> machines = new HashMap<>();
  // With their lock: any thread may cancel the job.
  private final List<LinkCommunicator> links = new ArrayList<>();
  private HawserException cancelled;

  private record Key(List<Integer> parties, RuntimeConfig config) {}

  private SpuMachines(Job job) {
    this.job = job;
    job.onCancel(this::cancel);
  }

  static SpuMachines of(Job job) {
    return job.state(SpuMachines.class, SpuMachines::new);
  }

  /** The machine of the parties that run the job's current operation. */
  SpuMachine machine(SpuConfig config) {
    List<Integer> parties = Arrays.stream(job.parties()).boxed().toList();
    return machines.computeIfAbsent(
        new Key(parties, config.runtimeConfig()), _ -> make(parties, config));
  }

  private SpuMachine make(List<Integer> parties, SpuConfig config) {
    LinkCommunicator link = SpuLinks.of(job).open(job, parties, config);
    keep(link);
    try {
      return new SpuMachine(link, config.runtimeConfig());
    } catch (HawserException e) {
      link.broken(e);
      throw SpuLinks.explained(job, parties, e);
    }
  }

  private void keep(LinkCommunicator link) {
    synchronized (links) {
      links.add(link);
      if (cancelled != null) {
        link.broken(cancelled);
      }
    }
  }

  private void cancel(HawserException reason) {
    synchronized (links) {
      cancelled = reason;
      links.forEach(link -> link.broken(reason));
    }
  }

  @Override
  public void close() {
    machines.values().forEach(SpuMachine::close);
    synchronized (links) {
      links.forEach(LinkCommunicator::close);
      links.clear();
    }
  }
}
