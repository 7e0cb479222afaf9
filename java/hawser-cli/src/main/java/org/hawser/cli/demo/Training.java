package org.hawser.cli.demo;

import java.util.List;
import org.hawser.cli.common.Bar;
import org.hawser.cli.common.LaneShare;
import org.hawser.cli.spu.Party;
import org.hawser.comm.CommStatistics;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Session;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.LogisticRegression;

/**
 * One party's part of the training. Party 0 has the first half of the features and the labels,
 * party 1 the other half, party 2 nothing. The model stays a secret of all three; how many of the
 * held-out rows it tells right is all that anybody learns.
 */
final class Training {
  static final int PARTIES = 3;

  /** Rows that the model learns from, in batches; the others are held out to judge it. */
  static final int LEARNT = 455;

  private static final int BATCH = 65;
  private static final double LEARNING_RATE = 0.5;
  private static final int BAR_WIDTH = 40;

  private final Party party;
  private final int epochs;
  private final Patients patients;
  private volatile int done;

  /** What a party has sent. */
  record Sent(long messages, long bytes, List<LaneShare> lanes) {}

  /**
   * What all parties together did.
   *
   * @param correct how many of the held-out rows the model tells right
   */
  record Outcome(int correct, double seconds, long messages, long bytes, List<LaneShare> lanes) {}

  Training(Party party, int epochs) {
    this.party = party;
    this.epochs = epochs;
    this.patients = Patients.all();
  }

  static LogisticRegression regression(Patients patients) {
    int half = patients.width() / 2;
    return LogisticRegression.of(LEARNT, half, patients.width() - half)
        .withBatch(BATCH)
        .withLearningRate(LEARNING_RATE);
  }

  /** Takes part, and returns when all parties have. */
  Outcome run() {
    LogisticRegression regression = regression(patients);
    SpuExecutable epoch = regression.epoch().compile();
    SpuExecutable judgement = regression.judgement(patients.count() - LEARNT).compile();
    try (Session session = party.session("demo", RuntimeConfig.of(Protocol.ABY3, Field.FM64))) {
      session.input("w", 2, party.rank() == 2 ? zeros(regression.features()) : null);
      session.input("b", 2, party.rank() == 2 ? zeros() : null);
      give(session, 0, LEARNT);
      party.parley().meet();
      Sent before = sent();
      long start = System.nanoTime();
      for (done = 0; done < epochs; done++) {
        session.run(epoch);
      }
      give(session, LEARNT, patients.count());
      session.run(judgement);
      long correct = session.revealToAll("correct").getLong();
      double seconds = (System.nanoTime() - start) / 1e9;
      return together(Math.toIntExact(correct), seconds, before);
    }
  }

  private static Tensor zeros(long... shape) {
    return Tensor.zeros(DataType.F32, shape);
  }

  /** Each holder standardises its own columns by the rows that are learnt from. */
  private void give(Session session, int from, int to) {
    int half = patients.width() / 2;
    session.input("x0", 0, party.rank() == 0 ? block(0, half, from, to) : null);
    session.input("x1", 1, party.rank() == 1 ? block(half, patients.width(), from, to) : null);
    session.input("y", 0, party.rank() == 0 ? patients.rows(from, to).labelTensor() : null);
  }

  private Tensor block(int first, int end, int from, int to) {
    return patients.columns(first, end).standardised(LEARNT).rows(from, to).featureTensor();
  }

  private Sent sent() {
    CommStatistics statistics = party.communicator().statistics();
    return new Sent(statistics.messagesSent(), statistics.bytesSent(), party.sent());
  }

  private Outcome together(int correct, double seconds, Sent before) {
    Sent after = sent();
    var own =
        new Sent(
            after.messages - before.messages,
            after.bytes - before.bytes,
            LaneShare.difference(before.lanes, after.lanes));
    List<Sent> all = party.parley().exchange("sent", own, Sent.class);
    List<LaneShare> lanes = all.stream().map(Sent::lanes).reduce(LaneShare::sum).orElseThrow();
    return new Outcome(
        correct,
        seconds,
        all.stream().mapToLong(Sent::messages).sum(),
        all.stream().mapToLong(Sent::bytes).sum(),
        lanes);
  }

  /** How far it is, for people; called by another thread. */
  List<String> progress() {
    return List.of(
        "%s epoch %d of %d".formatted(Bar.of((double) done / epochs, BAR_WIDTH), done, epochs));
  }
}
