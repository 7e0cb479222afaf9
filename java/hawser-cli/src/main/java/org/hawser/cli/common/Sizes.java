package org.hawser.cli.common;

import org.hawser.ByteSize;
import org.hawser.HawserException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The sizes of messages that a command's {@code --sizes} lists. */
public final class Sizes {
  private Sizes() {}

  /**
   * One of them, in bytes.
   *
   * @throws ParameterException when it is none, or below 1
   */
  public static long parse(CommandSpec command, String size) {
    long bytes;
    try {
      bytes = ByteSize.parse(size);
    } catch (HawserException e) {
      throw new ParameterException(command.commandLine(), "--sizes: " + e.getMessage());
    }
    if (bytes < 1) {
      throw new ParameterException(
          command.commandLine(), "--sizes: a message has 1 byte or more, not " + size);
    }
    return bytes;
  }
}
