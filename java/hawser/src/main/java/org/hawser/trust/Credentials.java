package org.hawser.trust;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * What an identity's files said when they were read. Handshakes that have begun keep theirs; a new
 * one has a context of its own, so that nobody resumes a session that the old one has let in.
 *
 * @param chain this node's certificate, and what leads from it towards a root
 * @param roots whom it trusts
 * @param context for both ends of connections
 * @param renewal from when on another is better; {@link Instant#MAX} where only its owner knows
 */
record Credentials(
    List<X509Certificate> chain, List<X509Certificate> roots, SSLContext context, Instant renewal) {
  private static final Duration OWN_VALIDITY = Duration.ofDays(8);
  private static final Duration OWN_RENEWAL = Duration.ofDays(1);
  private static final String NODE = "node";

  /**
   * @throws HawserException (INVALID_ARGUMENT) that names the file with which nobody would be let
   *     in
   */
  static Credentials read(Path certificate, Path key, Path roots) {
    List<X509Certificate> chain = Pem.certificates("certificate", certificate);
    X509Certificate own = chain.getFirst();
    List<X509Certificate> trusted = Pem.certificates("roots", roots);
    PrivateKey secret = Pem.key(key, own.getPublicKey().getAlgorithm());
    try {
      own.checkValidity();
      if (!KeyMatch.of(secret, own.getPublicKey())) {
        throw Pem.unusable(
            "key", key, "it is not that of the certificate %s".formatted(certificate), null);
      }
      return new Credentials(chain, trusted, context(secret, chain, trusted), Instant.MAX);
    } catch (CertificateExpiredException e) {
      throw Pem.unusable(
          "certificate", certificate, "it has run out at " + own.getNotAfter().toInstant(), e);
    } catch (CertificateNotYetValidException e) {
      throw Pem.unusable(
          "certificate", certificate, "it begins at " + own.getNotBefore().toInstant(), e);
    } catch (GeneralSecurityException e) {
      throw Pem.unusable("certificate", certificate, "this JDK cannot use it", e);
    }
  }

  /** A certificate of this node's own under the authority that the key gives. */
  static Credentials of(PreSharedKey shared) {
    KeyPair pair = shared.authority();
    var authority =
        new CertificateAuthority(
            CertificateAuthority.root("hawser pre-shared key", pair, OWN_VALIDITY));
    Issued node = authority.issue(NODE, List.of(), OWN_VALIDITY);
    List<X509Certificate> chain = List.of(node.certificate());
    List<X509Certificate> roots = List.of(authority.own().certificate());
    try {
      return new Credentials(
          chain, roots, context(node.key(), chain, roots), Instant.now().plus(OWN_RENEWAL));
    } catch (GeneralSecurityException e) {
      throw new HawserException(ErrorCode.INTERNAL, "this JDK has no TLS 1.3 on P-256", e);
    }
  }

  private static SSLContext context(
      PrivateKey key, List<X509Certificate> chain, List<X509Certificate> roots)
      throws GeneralSecurityException {
    // Stores that are never written; their passwords guard nothing.
    KeyStore own = empty();
    own.setKeyEntry(NODE, key, new char[0], chain.toArray(X509Certificate[]::new));
    KeyStore others = empty();
    for (int i = 0; i < roots.size(); i++) {
      others.setCertificateEntry(NODE + i, roots.get(i));
    }
    var keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, new char[0]);
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(others);
    var context = SSLContext.getInstance(Identity.PROTOCOL);
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore empty() throws GeneralSecurityException {
    var store = KeyStore.getInstance("PKCS12");
    try {
      store.load(null, null);
    } catch (IOException e) {
      throw new GeneralSecurityException(e); // There is nothing that it would read.
    }
    return store;
  }

  /** Names the certificate alone. */
  @Override
  public String toString() {
    return chain.getFirst().getSubjectX500Principal().getName();
  }
}
