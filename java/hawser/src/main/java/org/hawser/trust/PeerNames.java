package org.hawser.trust;

import java.security.cert.Certificate;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * What a certificate calls its owner: its alternative names that are DNS names or URIs, by which
 * ranks are told apart. Addresses say where somebody is, and common names are for people.
 */
public final class PeerNames {
  private static final Set<Integer> KINDS = Set.of(2, 6);

  private PeerNames() {}

  /** The peer's; empty when it showed no certificate. */
  public static List<String> of(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain[0] instanceof X509Certificate own ? of(own) : List.of();
    } catch (SSLPeerUnverifiedException e) {
      return List.of();
    }
  }

  public static List<String> of(X509Certificate certificate) {
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      return alternatives == null
          ? List.of()
          : alternatives.stream()
              .filter(alternative -> KINDS.contains(alternative.get(0)))
              .map(alternative -> String.valueOf(alternative.get(1)))
              .toList();
    } catch (CertificateParsingException e) {
      return List.of();
    }
  }
}
