package org.hawser.cli.files;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.LiveLines;
import org.hawser.cli.common.ServerArguments;
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
  @Mixin private ServerArguments listening;

  @Option(names = "--dir", paramLabel = "DIR", required = true, description = "The folder.")
  private Path folder;

  @Option(names = "--json", description = "Print one JSON object a file.")
  private boolean json;

  @Override
  public Integer call() {
    if (!Files.isDirectory(folder)) {
      throw new ParameterException(spec.commandLine(), "--dir: there is no folder " + folder);
    }
    return listening.serve(spec.commandLine(), json, lanes.options(), (_, link) -> receive(link));
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
    if (json || !listening.once()) {
      return receiver.receive();
    }
    try (var _ = LiveLines.show(spec.commandLine().getOut(), progress::lines)) {
      return receiver.receive();
    }
  }
}
