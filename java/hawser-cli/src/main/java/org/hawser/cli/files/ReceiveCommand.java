package org.hawser.cli.files;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.Listening;
import org.hawser.cli.common.LiveLines;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.common.Service;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hawser receive}. */
@Command(
    name = "receive",
    description = "Receive files from hawser send into a folder.",
    footer = {
      "",
      "A file appears under its name once it is whole and its SHA-256 is the sender's. A file of",
      "that name is replaced. Names that lead out of the folder are refused."
    })
public final class ReceiveCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;

  @Option(names = "--dir", paramLabel = "DIR", required = true, description = "The folder.")
  private Path folder;

  @Option(names = "--bind", paramLabel = "ADDR", description = "Listen at this address only.")
  private String bind;

  @Option(
      names = "--port",
      defaultValue = "12347",
      description = "Listen at this port (default ${DEFAULT-VALUE}; 0: a free one).")
  private int port;

  @Option(names = "--once", description = "End after one sender.")
  private boolean once;

  @Option(names = "--json", description = "Print one JSON object a file.")
  private boolean json;

  @Option(names = PeerProcess.UNTIL_INPUT_ENDS, hidden = true)
  private boolean untilInputEnds;

  @Override
  public Integer call() {
    if (!Files.isDirectory(folder)) {
      throw new ParameterException(spec.commandLine(), "--dir: there is no folder " + folder);
    }
    if (untilInputEnds) {
      Listening.endWithInput();
    }
    try (var opened = Lanes.open(lanes.options());
        var server = opened.listen(bind, port)) {
      Listening.announce(spec.commandLine().getOut(), json, opened, server);
      return new Service(server, this::receive, spec.commandLine().getErr()).run(once);
    }
  }

  private void receive(Link link) {
    var progress = new Progress();
    PrintWriter out = spec.commandLine().getOut();
    try (var control = new Control(link)) {
      var receiver = new FileReceiver(link, control, folder, progress);
      Optional<FileResult> result = next(receiver, progress);
      while (result.isPresent()) {
        FileResult file = result.get();
        out.println(json ? Json.write(file) : String.join("\n", file.lines(file.file())));
        out.flush();
        result = next(receiver, progress);
      }
    }
  }

  private Optional<FileResult> next(FileReceiver receiver, Progress progress) {
    // Several senders at once would paint over each other's bars.
    if (json || !once) {
      return receiver.receive();
    }
    try (var _ = LiveLines.show(spec.commandLine().getOut(), progress::lines)) {
      return receiver.receive();
    }
  }
}
