package org.hawser.cli.simp;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hawser simp}: what its subcommands have in common is only the name. */
@Command(
    name = "simp",
    description = "Run one program over many parties.",
    subcommands = {RunCommand.class, BenchCommand.class})
public final class SimpCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say which command; hawser simp --help lists them");
  }
}
