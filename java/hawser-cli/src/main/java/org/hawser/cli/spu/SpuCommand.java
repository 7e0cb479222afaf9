package org.hawser.cli.spu;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hawser spu}: what its subcommands have in common is only the name. */
@Command(
    name = "spu",
    description = "Compute on secrets of several parties with libspu, its messages on the lanes.",
    subcommands = {RunCommand.class, BenchCommand.class})
public final class SpuCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say which command; hawser spu --help lists them");
  }
}
