package org.hawser.cli.identity;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.trust.Identity;
import org.hawser.trust.PeerNames;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser identity show}. */
@Command(
    name = "show",
    description = "Show what certificates say: whose they are, from whom, and until when.")
public final class ShowCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE|FOLDER",
      description = "Certificates in PEM, or the folder of an identity.")
  private Path place;

  @Option(names = "--json", description = "Print a JSON object for each certificate.")
  private boolean json;

  /**
   * @param names by which ranks are known
   * @param sha256 of the whole certificate
   */
  private record Shown(
      String subject, List<String> names, String issuer, String from, String until, String sha256) {
    static Shown of(X509Certificate certificate) throws GeneralSecurityException {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return new Shown(
          certificate.getSubjectX500Principal().getName(),
          PeerNames.of(certificate),
          certificate.getIssuerX500Principal().getName(),
          certificate.getNotBefore().toInstant().toString(),
          certificate.getNotAfter().toInstant().toString(),
          HexFormat.ofDelimiter(":").formatHex(digest));
    }

    List<String> lines() {
      return List.of(
          "subject      " + subject,
          "names        " + (names.isEmpty() ? "none" : String.join(", ", names)),
          "issuer       " + issuer,
          "good from    " + from,
          "good until   " + until,
          "SHA-256      " + sha256);
    }
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Path file = Files.isDirectory(place) ? place.resolve(Identity.CERTIFICATE_FILE) : place;
    try (InputStream in = Files.newInputStream(file)) {
      for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        Shown shown = Shown.of((X509Certificate) each);
        if (json) {
          out.println(Json.write(shown));
        } else {
          shown.lines().forEach(out::println);
        }
      }
      return 0;
    } catch (IOException | GeneralSecurityException e) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "%s holds no certificates in PEM".formatted(file), e);
    }
  }
}
