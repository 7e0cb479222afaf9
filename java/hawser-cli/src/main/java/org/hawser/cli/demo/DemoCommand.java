package org.hawser.cli.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.hawser.ByteSize;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.Listening;
import org.hawser.cli.common.LiveLines;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.common.Service;
import org.hawser.cli.common.TemporaryFolder;
import org.hawser.cli.files.FileReceiver;
import org.hawser.cli.files.FileResult;
import org.hawser.cli.files.FileSender;
import org.hawser.cli.files.Progress;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser demo}: both of its processes. */
@Command(
    name = "demo",
    description =
        "Send a file to a second process and back, over four lanes on loopback unless --lanes or"
            + " HAWSER_LANES say otherwise.")
public final class DemoCommand implements Callable<Integer> {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration PEER_END = Duration.ofSeconds(10);
  private static final String LOOPBACK = "127.0.0.1";
  private static final String NAME = "demo.bin";

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;

  @Option(
      names = "--size",
      defaultValue = "256M",
      description = "Bytes of the file (default ${DEFAULT-VALUE}).")
  private String size;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--peer-in", hidden = true, description = "Be the peer, and work in this folder.")
  private Path peerFolder;

  @Option(names = PeerProcess.UNTIL_INPUT_ENDS, hidden = true)
  private boolean untilInputEnds;

  @Override
  public Integer call() throws IOException {
    lanes.orElse(Setting.LANES, "lo,lo,lo,lo");
    return peerFolder == null ? run(ByteSize.parse(size)) : serve();
  }

  private int run(long bytes) throws IOException {
    try (var folder = new TemporaryFolder("hawser-demo-")) {
      Path file = folder.path().resolve(NAME);
      say("writing a file of %s", ByteSize.format(bytes));
      DemoFile.write(file, bytes);
      Path there = Files.createDirectory(folder.path().resolve("there"));
      Path back = Files.createDirectory(folder.path().resolve("back"));
      var arguments = List.of("demo", "--peer-in", there.toString());
      try (var peer = PeerProcess.start(lanes.variables(), arguments)) {
        DemoResult result = exchange(file, back, peer);
        peer.await(PEER_END);
        if (json) {
          out().println(Json.write(result));
        }
        return result.verified() ? 0 : 1;
      }
    }
  }

  private DemoResult exchange(Path file, Path back, PeerProcess peer) throws IOException {
    var progress = new Progress();
    long own = ProcessHandle.current().pid();
    try (var opened = Lanes.open(lanes.options());
        var link = opened.connect(LOOPBACK, peer.port(), CONNECT);
        var control = new Control(link)) {
      say(
          "process %d sends it to process %d over %d lanes",
          own, peer.handle().pid(), opened.count());
      FileResult sent =
          live(progress, () -> new FileSender(link, control, progress).send(file, NAME));
      tell("there", sent);
      long bytes = sent.bytes();
      Files.delete(file);
      say("process %d sends it back", peer.handle().pid());
      FileResult returned = live(progress, () -> receive(link, control, back, progress));
      tell("back", returned);
      boolean same = sent.sha256().equals(returned.sha256()) && returned.bytes() == bytes;
      say(
          same
              ? "verified: what came back is what went"
              : "WRONG: what came back is not what went");
      return new DemoResult(List.of(own, peer.handle().pid()), bytes, sent, returned, same);
    }
  }

  private static FileResult receive(Link link, Control control, Path folder, Progress progress) {
    return new FileReceiver(link, control, folder, progress)
        .receive()
        .orElseThrow(
            () -> new HawserException(ErrorCode.CLOSED, "the peer process did not send it back"));
  }

  /** The peer: receives the file, and sends it back over the same link. */
  private int serve() {
    Listening.endWithInput();
    try (var opened = Lanes.open(lanes.options());
        var server = opened.listen(LOOPBACK, 0)) {
      Listening.announce(out(), true, opened, server);
      return new Service(server, this::sendBack, spec.commandLine().getErr()).run(true);
    }
  }

  private void sendBack(Link link) {
    var progress = new Progress();
    try (var control = new Control(link)) {
      FileResult received = receive(link, control, peerFolder, progress);
      new FileSender(link, control, progress).send(Path.of(received.file()), NAME);
    }
  }

  private FileResult live(Progress progress, Supplier<FileResult> action) {
    try (var _ = LiveLines.show(out(), () -> json ? List.of() : progress.lines())) {
      return action.get();
    }
  }

  private void say(String format, Object... values) {
    if (!json) {
      out().println(format.formatted(values));
      out().flush();
    }
  }

  private void tell(String name, FileResult file) {
    if (!json) {
      file.lines(name).forEach(out()::println);
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
