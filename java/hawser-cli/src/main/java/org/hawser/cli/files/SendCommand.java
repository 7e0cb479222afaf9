package org.hawser.cli.files;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.cli.common.Control;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.LiveLines;
import org.hawser.lane.HostPort;
import org.hawser.lane.Lanes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser send}. */
@Command(
    name = "send",
    description = "Send files over the lanes to a machine where hawser receive runs.",
    customSynopsis = "hawser send [OPTIONS] FILE... HOST[:PORT]",
    footer = {
      "",
      "Both ends hash each file (SHA-256); the exit code is 0 only when all of them agree."
    })
public final class SendCommand implements Callable<Integer> {
  private static final Duration CONNECT = Duration.ofSeconds(10);

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;

  @Parameters(paramLabel = "FILE... HOST[:PORT]", description = "The files, then the receiver.")
  private List<String> filesAndHost;

  @Option(
      names = "--as",
      paramLabel = "NAME",
      description = "What the receiver shall call the file; with one file only.")
  private String name;

  @Option(names = "--json", description = "Print one JSON object a file.")
  private boolean json;

  @Override
  public Integer call() {
    if (filesAndHost == null || filesAndHost.size() < 2) {
      throw misuse("say which files, and where to: FILE... HOST[:PORT]");
    }
    HostPort receiver = HostPort.parse(filesAndHost.getLast());
    List<Path> files =
        filesAndHost.subList(0, filesAndHost.size() - 1).stream().map(Path::of).toList();
    files.forEach(this::check);
    if (name != null && files.size() > 1) {
      throw misuse("--as names one file, not " + files.size());
    }
    boolean allVerified = true;
    PrintWriter out = spec.commandLine().getOut();
    var progress = new Progress();
    try (var opened = Lanes.open(lanes.options());
        var link = opened.connect(receiver.host(), receiver.port(), CONNECT);
        var control = new Control(link)) {
      var sender = new FileSender(link, control, progress);
      for (Path file : files) {
        FileResult result = send(sender, file, progress);
        allVerified &= result.verified();
        out.println(json ? Json.write(result) : String.join("\n", result.lines(result.file())));
        out.flush();
      }
    }
    return allVerified ? 0 : 1;
  }

  private FileResult send(FileSender sender, Path file, Progress progress) {
    String asName = name == null ? file.getFileName().toString() : name;
    if (json) {
      return sender.send(file, asName);
    }
    try (var _ = LiveLines.show(spec.commandLine().getOut(), progress::lines)) {
      return sender.send(file, asName);
    }
  }

  private void check(Path file) {
    if (!Files.isRegularFile(file)) {
      throw misuse("%s is no file".formatted(file));
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
