package org.hawser.cli.simp;

import java.nio.file.Path;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.http.HttpOptions;
import org.hawser.http.HttpTls;
import picocli.CommandLine.Option;

/** The options that say how HTTP is spoken: in clear text, or over TLS with certificates. */
final class HttpArguments {
  @Option(
      names = "--tls-certificate",
      paramLabel = "FILE",
      description = "This node's certificate, in PEM; with it all connections are TLS 1.3.")
  private Path certificate;

  @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key.")
  private Path key;

  @Option(
      names = "--tls-roots",
      paramLabel = "FILE",
      description = "Whose certificates the others must have theirs from.")
  private Path roots;

  /** For a driver. */
  HttpOptions client() {
    return options(Map.of());
  }

  /**
   * For a node.
   *
   * @param names by rank: what the rank's certificate must say
   */
  HttpOptions options(Map<Integer, String> names) {
    if (certificate == null && key == null && roots == null) {
      return HttpOptions.DEFAULT;
    }
    if (certificate == null || key == null || roots == null) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "TLS takes all of --tls-certificate, --tls-key and --tls-roots");
    }
    return HttpOptions.DEFAULT.withTls(new HttpTls(certificate, key, roots, names));
  }
}
