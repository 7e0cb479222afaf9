package org.hawser.cli.perf;

/**
 * The server's half, told to the client: first that it is ready, then what it saw.
 *
 * @param refusal why it will not, null when it is ready
 * @param wrong what was wrong with the first message that was not as it should be, null when all
 *     were right
 * @param sent measured of what the server sent (bibw), else null
 */
public record ServerReport(String refusal, String wrong, double cpuSeconds, Stretch sent) {
  static ServerReport ready() {
    return new ServerReport(null, null, 0, null);
  }

  static ServerReport refused(String why) {
    return new ServerReport(why, null, 0, null);
  }
}
