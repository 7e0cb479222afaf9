package org.hawser.trust;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Whether a chain of certificates leads to a root, and why not. */
final class Chains {
  private Chains() {}

  static Optional<String> refusal(List<X509Certificate> chain, List<X509Certificate> roots) {
    Set<TrustAnchor> anchors =
        roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet());
    List<X509Certificate> path = chain.stream().filter(each -> !roots.contains(each)).toList();
    if (path.isEmpty()) {
      return Optional.empty(); // It is itself a root.
    }
    try {
      var parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false); // As JSSE does, and OpenSSL, unless told otherwise.
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
      return Optional.empty();
    } catch (CertPathValidatorException e) {
      X509Certificate guilty = path.get(Math.max(0, e.getIndex()));
      return Optional.of(why(guilty, e));
    } catch (GeneralSecurityException e) {
      return Optional.of("this JDK cannot check its certificate: " + e.getMessage());
    }
  }

  private static String why(X509Certificate guilty, CertPathValidatorException failure) {
    String subject = guilty.getSubjectX500Principal().getName();
    return switch (failure.getCause()) {
      case CertificateExpiredException _ ->
          "the certificate of %s has run out at %s"
              .formatted(subject, guilty.getNotAfter().toInstant());
      case CertificateNotYetValidException _ ->
          "the certificate of %s begins at %s"
              .formatted(subject, guilty.getNotBefore().toInstant());
      case null, default ->
          failure.getReason() == PKIXReason.NO_TRUST_ANCHOR
              ? "the certificate of %s is from %s, which is no root that is trusted"
                  .formatted(subject, guilty.getIssuerX500Principal().getName())
              : "the certificate of %s is not good: %s".formatted(subject, failure.getMessage());
    };
  }
}
