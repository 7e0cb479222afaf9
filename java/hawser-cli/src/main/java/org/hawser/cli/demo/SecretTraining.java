package org.hawser.cli.demo;

import org.hawser.simp.serde.SpuConfig;
import org.hawser.simp.trace.SimpProgram;
import org.hawser.simp.trace.Tracer;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.program.LogisticRegression;

/**
 * The demo's training as one program over three parties: {@code hawser simp run
 * org.hawser.cli.demo.SecretTraining --simulate 3}. Party 2 learns how many of the held-out rows
 * the model tells right, and nobody anything else. The samples are public, so they are constants
 * here; parties with data of their own register functions that return them.
 */
public final class SecretTraining implements SimpProgram {
  private static final int EPOCHS = 5;
  private static final int FRACTION_BITS = 18;

  @Override
  public void define(Tracer t) {
    Patients all = Patients.all();
    LogisticRegression regression = Training.regression(all);
    int half = all.width() / 2;
    Patients left = all.columns(0, half).standardised(Training.LEARNT);
    Patients right = all.columns(half, all.width()).standardised(Training.LEARNT);
    var spu = t.spu(SpuConfig.of(Protocol.ABY3, Field.FM64, FRACTION_BITS), 0, 1, 2);

    var model =
        spu.run(
            regression.training(EPOCHS),
            t.constant(0, left.rows(0, Training.LEARNT).featureTensor()),
            t.constant(1, right.rows(0, Training.LEARNT).featureTensor()),
            t.constant(0, left.rows(0, Training.LEARNT).labelTensor()));
    var correct =
        spu.run(
            regression.judgement(all.count() - Training.LEARNT),
            t.constant(0, left.rows(Training.LEARNT, all.count()).featureTensor()),
            t.constant(1, right.rows(Training.LEARNT, all.count()).featureTensor()),
            t.constant(0, left.rows(Training.LEARNT, all.count()).labelTensor()),
            model.get(0),
            model.get(1));
    t.output("correct", t.party(2).put(correct.getFirst()));
  }
}
