package org.hawser.http;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * TLS 1.3 in which both ends show a certificate, all files in PEM.
 *
 * @param certificate this node's, with what leads to a root
 * @param key this node's private key
 * @param roots whom to trust
 * @param names by rank: a name in the rank's certificate, without which nobody may speak as it;
 *     empty when whoever is trusted may speak as any rank; else nobody may speak as a rank that is
 *     not named
 */
public record HttpTls(Path certificate, Path key, Path roots, Map<Integer, String> names) {
  private static final List<String> PROTOCOLS = List.of("TLSv1.3");

  public HttpTls {
    names = Map.copyOf(names);
  }

  /** Whether who has these names in its certificate may speak as a rank. */
  boolean maySpeakAs(int rank, List<String> given) {
    return names.isEmpty() || names.containsKey(rank) && given.contains(names.get(rank));
  }

  SslContext server() {
    try {
      return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
          .trustManager(roots.toFile())
          .clientAuth(ClientAuth.REQUIRE)
          .protocols(PROTOCOLS)
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw unusable(e);
    }
  }

  SslContext client() {
    try {
      return SslContextBuilder.forClient()
          .keyManager(certificate.toFile(), key.toFile())
          .trustManager(roots.toFile())
          .protocols(PROTOCOLS)
          .endpointIdentificationAlgorithm("HTTPS")
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw unusable(e);
    }
  }

  private HawserException unusable(Exception reason) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "no TLS with certificate %s, its key %s and roots %s: %s"
            .formatted(certificate, key, roots, reason.getMessage()),
        reason);
  }
}
