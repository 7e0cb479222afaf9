package org.hawser.simp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import org.hawser.HawserException;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.simp.ir.Graph;

/**
 * All parties in one process, each a thread. Values go to and from the host by reference: nobody
 * may change them. Between parties they are copied, as between machines.
 */
public final class SimpSimulator extends SimpHost {
  private static final long SPIN_NANOS = 50_000;

  private final List<ThreadCommunicator> communicators;
  private final List<WorkerInterpreter> workers = new ArrayList<>();
  private final PartyThreads threads = new PartyThreads();

  private SimpSimulator(
      int parties, OpRegistry registry, IntFunction<ObjectStore> stores, Worker.Options options) {
    communicators = ThreadCommunicator.world(parties);
    for (ThreadCommunicator communicator : communicators) {
      ObjectStore store = stores.apply(communicator.rank());
      workers.add(new WorkerInterpreter(communicator, store, registry, options));
    }
  }

  /** Parties that keep everything in memory. */
  public static SimpSimulator open(int parties, OpRegistry registry) {
    return open(parties, registry, _ -> new MemoryStore(), Worker.Options.DEFAULT);
  }

  /**
   * Parties with stores of one's own.
   *
   * @param stores one a rank, which the simulator closes
   */
  public static SimpSimulator open(
      int parties, OpRegistry registry, IntFunction<ObjectStore> stores, Worker.Options options) {
    return new SimpSimulator(parties, registry, stores, options);
  }

  @Override
  public int worldSize() {
    return workers.size();
  }

  /** One party's part of a job: run by a thread that it was lent, or by the one that collects. */
  private final class Part extends CompletableFuture<List<String>> implements Runnable {
    private final WorkerInterpreter worker;
    private final Graph graph;
    private final List<String> inputs;
    private final String job;
    private PartyThreads.Helper helper;

    Part(int rank, Graph graph, List<String> inputs, String job) {
      this.worker = workers.get(rank);
      this.graph = graph;
      this.inputs = inputs;
      this.job = job;
    }

    @Override
    public void run() {
      try {
        complete(worker.run(graph, inputs, job));
      } catch (Throwable e) {
        // Whatever a party throws is its own failure, and told to who collects.
        completeExceptionally(e);
      }
    }
  }

  /** Begins with the first party's part only when the parts are collected. */
  @Override
  protected CompletableFuture<List<String>> submit(
      int rank, Graph graph, List<String> inputs, String job) {
    var part = new Part(rank, graph, inputs, job);
    if (rank > 0) {
      part.helper = threads.lend(part);
    }
    return part;
  }

  /**
   * Runs in this thread what no other one has begun: a wake-up takes longer than a short graph.
   * Each part of a long one, or of one with messages, has its own thread by then.
   */
  @Override
  protected List<List<String>> collect(List<CompletableFuture<List<String>>> futures) {
    for (CompletableFuture<List<String>> future : futures) {
      Part part = (Part) future;
      if (part.helper == null || part.helper.takeBack(part)) {
        part.run();
      }
    }
    long begin = System.nanoTime();
    for (CompletableFuture<List<String>> future : futures) {
      while (!future.isDone() && System.nanoTime() - begin < SPIN_NANOS) {
        Thread.onSpinWait();
      }
    }
    return super.collect(futures);
  }

  @Override
  protected void cancel(int rank, String job, HawserException reason) {
    workers.get(rank).cancel(job, reason);
  }

  @Override
  protected CompletableFuture<Object> fetch(int rank, String uri) {
    try {
      return CompletableFuture.completedFuture(workers.get(rank).store().get(uri));
    } catch (HawserException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  protected void release(int rank, List<String> uris) {
    uris.forEach(workers.get(rank).store()::remove);
  }

  @Override
  public void close() {
    workers.forEach(WorkerInterpreter::close);
    communicators.forEach(ThreadCommunicator::close);
    workers.forEach(worker -> worker.store().close());
    threads.close();
  }
}
