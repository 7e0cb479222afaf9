package org.hawser.cli.identity;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hawser identity}: its commands. */
@Command(
    name = "identity",
    description = "Make, show and check the certificates and keys by which nodes know each other.",
    subcommands = {NewCommand.class, ShowCommand.class, CheckCommand.class})
public final class IdentityCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say which command; hawser identity --help lists them");
  }
}
