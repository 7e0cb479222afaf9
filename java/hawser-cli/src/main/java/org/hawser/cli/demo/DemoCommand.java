package org.hawser.cli.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.common.Bar;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.LaneShare;
import org.hawser.cli.common.Lifeline;
import org.hawser.cli.common.LiveLines;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.demo.Training.Outcome;
import org.hawser.cli.spu.LinkKind;
import org.hawser.cli.spu.Party;
import org.hawser.ffi.SpuLibrary;
import org.hawser.lane.HostPort;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser demo}: party 0, and the processes of the other two. */
@Command(
    name = "demo",
    description = {
      "Train a model on data of two parties that show each other nothing: three processes, linked by",
      "four lanes on loopback unless --lanes or HAWSER_LANES say otherwise.",
    })
public final class DemoCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int BAR_WIDTH = 32;
  private static final double MB = 1e6;
  private static final String LOOPBACK = "127.0.0.1";

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;
  @Mixin private Lifeline lifeline;

  @Option(
      names = "--epochs",
      defaultValue = "10",
      paramLabel = "N",
      description = "Passes over the training rows (default ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--rank", hidden = true, description = "Be this party.")
  private int rank;

  @Option(names = "--addresses", hidden = true, split = ",")
  private List<String> addresses = List.of();

  @Override
  public Integer call() {
    if (epochs < 1) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, "--epochs is 1 or more");
    }
    SpuLibrary.require();
    lanes.orElse(Setting.LANES, "lo,lo,lo,lo");
    if (rank > 0) {
      lifeline.hold();
      train(addresses.stream().map(HostPort::parse).toList());
      return 0;
    }
    DemoResult result = run();
    if (json) {
      out().println(Json.write(result));
    } else {
      tell(result);
    }
    return 0;
  }

  private DemoResult run() {
    List<HostPort> all = Party.freeAddresses(LOOPBACK, Training.PARTIES);
    List<PeerProcess> peers = new ArrayList<>();
    try {
      for (int peer = 1; peer < Training.PARTIES; peer++) {
        peers.add(PeerProcess.start(lanes.variables(), arguments(peer, all)));
      }
      introduce(peers);
      Outcome outcome = train(all);
      peers.forEach(peer -> peer.await(PATIENCE));
      return result(outcome);
    } finally {
      peers.forEach(PeerProcess::close);
    }
  }

  private List<String> arguments(int peer, List<HostPort> all) {
    return List.of(
        "demo",
        "--rank=" + peer,
        "--epochs=" + epochs,
        "--addresses=" + String.join(",", all.stream().map(HostPort::toString).toList()));
  }

  private void introduce(List<PeerProcess> peers) {
    say(
        "process %d has half of the features of 569 patients, and the diagnoses",
        ProcessHandle.current().pid());
    say("process %d has the other half", peers.getFirst().handle().pid());
    say("process %d has nothing and only computes", peers.getLast().handle().pid());
    say("together they train a logistic regression under ABY3, %d epochs ..", epochs);
  }

  private Outcome train(List<HostPort> all) {
    var options = lanes.options().withRank(rank);
    try (var party = Party.connect(LinkKind.lanes, options, all, List.of(), PATIENCE)) {
      var training = new Training(party, epochs);
      try (var _ =
          LiveLines.show(out(), () -> json || rank > 0 ? List.of() : training.progress())) {
        return training.run();
      } catch (RuntimeException e) {
        party.communicator().abort("rank %d: %s".formatted(rank, e.getMessage()));
        throw e;
      }
    }
  }

  /** Beside what training in the clear gives, which no party of a real computation could do. */
  private DemoResult result(Outcome outcome) {
    Patients patients = Patients.all().standardised(Training.LEARNT);
    var plain = new PlainRegression(Training.regression(patients));
    for (int epoch = 0; epoch < epochs; epoch++) {
      plain.epoch(patients.rows(0, Training.LEARNT));
    }
    Patients heldOut = patients.rows(Training.LEARNT, patients.count());
    return new DemoResult(
        (double) outcome.correct() / heldOut.count(),
        (double) plain.correct(heldOut) / heldOut.count(),
        outcome.seconds(),
        Training.PARTIES,
        outcome.messages(),
        outcome.bytes(),
        outcome.lanes());
  }

  private void tell(DemoResult result) {
    say(
        "accuracy on %d patients held out: %.1f %% trained securely, %.1f %% in the clear",
        Patients.all().count() - Training.LEARNT,
        100 * result.accuracyMpc(),
        100 * result.accuracyClear());
    say(
        "%.1f s, %d rounds, %d messages, %.1f MB over %d lanes:",
        result.seconds(),
        result.messages() / Training.PARTIES,
        result.messages(),
        result.bytes() / MB,
        result.lanes().size());
    long most = result.lanes().stream().mapToLong(LaneShare::bytes).max().orElse(1);
    for (LaneShare lane : result.lanes()) {
      String bar = Bar.of((double) lane.bytes() / most, BAR_WIDTH);
      say("  %-15s %s %6.2f MB", lane.device(), bar, lane.bytes() / MB);
    }
    say("nobody saw another's values: that accuracy is all that was revealed");
  }

  private void say(String format, Object... values) {
    if (!json) {
      out().println(String.format(Locale.ROOT, format, values));
      out().flush();
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
