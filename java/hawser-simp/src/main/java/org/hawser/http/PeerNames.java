package org.hawser.http;

import java.security.cert.Certificate;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** What a peer's certificate calls it: its alternative names, and its common name. */
final class PeerNames {
  private PeerNames() {}

  static List<String> of(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain[0] instanceof X509Certificate own ? of(own) : List.of();
    } catch (SSLPeerUnverifiedException e) {
      return List.of();
    }
  }

  private static List<String> of(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      if (alternatives != null) {
        alternatives.forEach(alternative -> names.add(String.valueOf(alternative.get(1))));
      }
      new LdapName(certificate.getSubjectX500Principal().getName())
          .getRdns().stream()
              .filter(part -> part.getType().equalsIgnoreCase("CN"))
              .forEach(part -> names.add(String.valueOf(part.getValue())));
    } catch (CertificateParsingException | InvalidNameException e) {
      return List.of();
    }
    return names;
  }
}
