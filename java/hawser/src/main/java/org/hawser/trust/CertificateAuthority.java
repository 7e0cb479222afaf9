package org.hawser.trust;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A small authority: for tests, and for clusters that have no other. Whoever has its key is trusted
 * by all who have its certificate for a root.
 */
public final class CertificateAuthority {
  static final String CURVE = "secp256r1";

  /** For clocks that go behind. */
  private static final Duration EARLIER = Duration.ofHours(1);

  private final Issued own;

  CertificateAuthority(Issued own) {
    this.own = own;
  }

  /** A new one, with a key of its own. */
  public static CertificateAuthority create(String name, Duration validity) {
    KeyPair pair = pair();
    return new CertificateAuthority(root(name, pair, validity));
  }

  /** One that {@link Issued#write} has written. */
  public static CertificateAuthority open(Path certificate, Path key) {
    X509Certificate root = Pem.certificates("authority", certificate).getFirst();
    return new CertificateAuthority(
        new Issued(root, Pem.key(key, root.getPublicKey().getAlgorithm())));
  }

  static Issued root(String name, KeyPair pair, Duration validity) {
    var draft =
        new CertificateDraft(
            name, List.of(), pair.getPublic(), true, start(), start().plus(validity));
    return new Issued(sign(draft, name, pair.getPrivate()), pair.getPrivate());
  }

  /** Its certificate, which is the root of those that it issues, and its key. */
  public Issued own() {
    return own;
  }

  /**
   * A certificate and a new key, for both ends of connections.
   *
   * @param name for people
   * @param alternatives DNS names, URIs and addresses; the names are what ranks are known by
   * @param validity from now on; negative for one that has run out
   */
  public Issued issue(String name, List<String> alternatives, Duration validity) {
    KeyPair pair = pair();
    Instant until = Instant.now().plus(validity);
    Instant from = validity.isNegative() ? until.minus(EARLIER) : start();
    var draft = new CertificateDraft(name, alternatives, pair.getPublic(), false, from, until);
    return new Issued(sign(draft, commonName(), own.key()), pair.getPrivate());
  }

  /**
   * Issues a certificate into a folder that {@link Identity#load(Path)} reads, and makes the
   * folder.
   *
   * @throws HawserException (IO) when one is there already, or cannot be written
   */
  public void issueInto(Path folder, String name, List<String> alternatives, Duration validity) {
    Issued issued = issue(name, alternatives, validity);
    try {
      Files.createDirectories(folder);
      issued.write(folder.resolve(Identity.CERTIFICATE_FILE), folder.resolve(Identity.KEY_FILE));
      Files.writeString(
          folder.resolve(Identity.ROOTS_FILE),
          Pem.certificate(own.certificate()),
          StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw new HawserException(ErrorCode.IO, "cannot write " + e.getMessage(), e);
    }
  }

  private String commonName() {
    return own.certificate().getSubjectX500Principal().getName().replaceFirst("^CN=", "");
  }

  private static Instant start() {
    return Instant.now().minus(EARLIER);
  }

  private static KeyPair pair() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(CURVE));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw failure(e);
    }
  }

  private static X509Certificate sign(CertificateDraft draft, String issuer, PrivateKey key) {
    try {
      return draft.sign(issuer, key);
    } catch (GeneralSecurityException e) {
      throw failure(e);
    }
  }

  private static HawserException failure(GeneralSecurityException reason) {
    return new HawserException(
        ErrorCode.INTERNAL,
        "this JDK cannot make a certificate on %s: %s".formatted(CURVE, reason.getMessage()),
        reason);
  }

  /** Names its certificate, never its key. */
  @Override
  public String toString() {
    return own.toString();
  }
}
