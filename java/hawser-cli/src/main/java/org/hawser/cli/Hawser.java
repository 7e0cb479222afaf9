package org.hawser.cli;

import java.io.PrintWriter;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Settings;
import org.hawser.cli.common.Version;
import org.hawser.cli.demo.DemoCommand;
import org.hawser.cli.doctor.DoctorCommand;
import org.hawser.cli.files.ReceiveCommand;
import org.hawser.cli.files.SendCommand;
import org.hawser.cli.identity.IdentityCommand;
import org.hawser.cli.perf.PerfCommand;
import org.hawser.cli.port.PortCommand;
import org.hawser.cli.simp.SimpCommand;
import org.hawser.cli.simp.WorkerCommand;
import org.hawser.cli.spu.SpuCommand;
import org.hawser.cli.stat.StatCommand;
import org.hawser.cli.unpack.UnpackBenchCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry of all commands. */
@Command(
    name = "hawser",
    description = "One link between parties, made of many lanes.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong use"},
    subcommands = {
      PerfCommand.class,
      PortCommand.class,
      UnpackBenchCommand.class,
      SendCommand.class,
      ReceiveCommand.class,
      SpuCommand.class,
      SimpCommand.class,
      WorkerCommand.class,
      IdentityCommand.class,
      DoctorCommand.class,
      StatCommand.class,
      DemoCommand.class
    })
public final class Hawser implements Runnable {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Show where a failure comes from.")
  private boolean verbose;

  public static void main(String[] arguments) {
    System.exit(
        run(
            System.getenv(),
            new PrintWriter(System.out, true),
            new PrintWriter(System.err, true),
            arguments));
  }

  /** Runs one command to its end; returns the exit code. */
  static int run(
      Map<String, String> variables, PrintWriter out, PrintWriter err, String... arguments) {
    var hawser = new Hawser();
    var line = new CommandLine(hawser).setOut(out).setErr(err);
    line.setParameterExceptionHandler((failure, _) -> misuse(failure));
    line.setExecutionExceptionHandler((failure, command, _) -> hawser.failure(failure, command));
    try {
      Settings.of(variables);
    } catch (HawserException e) {
      return tell(err, e.getMessage(), MISUSED);
    }
    return line.execute(arguments);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say which command; hawser --help lists them");
  }

  private static int misuse(ParameterException failure) {
    String message = failure.getMessage();
    if (failure instanceof UnmatchedArgumentException unmatched
        && !unmatched.getSuggestions().isEmpty()) {
      message += "; did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?";
    }
    return tell(failure.getCommandLine().getErr(), message, MISUSED);
  }

  private int failure(Exception failure, CommandLine command) {
    if (verbose) {
      failure.printStackTrace(command.getErr());
    }
    boolean wrongUse =
        failure instanceof HawserException known && known.code() == ErrorCode.INVALID_ARGUMENT;
    String message = failure instanceof HawserException ? failure.getMessage() : failure.toString();
    return tell(command.getErr(), message, wrongUse ? MISUSED : FAILED);
  }

  private static int tell(PrintWriter err, String message, int code) {
    err.println("hawser: " + message);
    return code;
  }
}
