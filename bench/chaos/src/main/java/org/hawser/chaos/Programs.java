package org.hawser.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.hawser.HawserException;
import org.hawser.ffi.SpuLibrary;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Session;
import org.hawser.spu.SessionOptions;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramBuilder;

/** Secure computations of two parties over lanes with faults, where libspu is set up. */
final class Programs implements Stage {
  private static final int EVERY = 30;
  private static final int ELEMENTS = 500;
  private static final RuntimeConfig CONFIG = RuntimeConfig.of(Protocol.SEMI2K, Field.FM64);

  @Override
  public String name() {
    return "programs";
  }

  @Override
  public int share() {
    return 60;
  }

  @Override
  public String obstacle() {
    return SpuLibrary.isAvailable() ? "" : "libspu is not set up: scripts/setup";
  }

  @Override
  public List<Fault> draw(RandomGenerator random, int count) {
    return NetFaults.draw(name(), random, count, 2, EVERY);
  }

  @Override
  public void run(List<Fault> faults, Path folder, Tally tally) throws Exception {
    var builder = ProgramBuilder.named("add_and_compare");
    var x = builder.input("x", DataType.I64, ELEMENTS);
    var y = builder.input("y", DataType.I64, ELEMENTS);
    builder.output("sum", x.add(y));
    builder.output("greater", x.gt(y));
    SpuExecutable program = builder.build().compile();
    try (var parties = new LaneParties(faults, 2, folder)) {
      BooleanSupplier enough = Enough.of(parties.lanes());
      var crew = new Crew(name(), tally);
      for (int rank = 0; rank < 2; rank++) {
        int mine = rank;
        crew.start(() -> compute(parties, mine, program, enough, tally));
      }
      crew.join(Enough.LIMIT.plus(Duration.ofSeconds(60)));
      tally.faults.addAndGet(parties.injected());
    }
  }

  /** Both ends agree by a talk between two computations whether there is another one. */
  private static void compute(
      LaneParties parties, int rank, SpuExecutable program, BooleanSupplier enough, Tally tally) {
    var communicator = parties.rank(rank);
    try (var talk = new Talk(communicator, 1 - rank, "programs", tally.seed, tally)) {
      long mine;
      long theirs;
      do {
        var options = SessionOptions.DEFAULT.withTimeout(Waits.LONG).withId("c" + talk.rounds());
        try (var session = Session.open(communicator, List.of(0, 1), CONFIG, options)) {
          check(session, program, talk.rounds(), tally);
        }
        mine = enough.getAsBoolean() ? 1 : 0;
        theirs = talk.round(mine);
      } while (mine == 0 || theirs == 0);
    } catch (HawserException e) {
      tally.lost(1, "programs: rank %d: %s".formatted(rank, e.getMessage()));
    }
  }

  private static void check(Session session, SpuExecutable program, long round, Tally tally) {
    long[] x = new long[ELEMENTS];
    long[] y = new long[ELEMENTS];
    Arrays.setAll(x, i -> round * 7 + i * 3L);
    Arrays.setAll(y, i -> round * 11 + i * 2L);
    session.input("x", 0, session.rank() == 0 ? Tensor.of(x, ELEMENTS) : null);
    session.input("y", 1, session.rank() == 1 ? Tensor.of(y, ELEMENTS) : null);
    session.run(program);
    long[] sum = session.revealToAll("sum").toLongs();
    boolean[] greater = session.revealToAll("greater").toBooleans();
    tally.bytes.addAndGet(ELEMENTS * (Long.BYTES + 1L));
    for (int i = 0; i < ELEMENTS; i++) {
      if (sum[i] != x[i] + y[i] || greater[i] != x[i] > y[i]) {
        tally.wrong(Long.BYTES, "element %d of computation %d".formatted(i, round));
      }
    }
  }
}
