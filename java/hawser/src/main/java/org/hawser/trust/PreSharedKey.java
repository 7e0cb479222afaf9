package org.hawser.trust;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.util.HexFormat;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.HKDFParameterSpec;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A key that all nodes of a cluster share, and the certificate authority that follows from it.
 *
 * <p>JSSE has no external pre-shared keys. So the key gives, by HKDF, the key of an authority on
 * P-256 that all who have it compute alike; each node issues itself a certificate under it and
 * trusts no other. What this proves is what a TLS 1.3 PSK proves, no more and no less: that the
 * peer has the key. Each connection still agrees on keys of its own (ECDHE), so that who learns the
 * key later reads nothing of what went before. Whoever connects sees a certificate that the
 * authority has signed, and can try guesses against it, as against a PSK's binder: hence the least
 * length, and {@link #generate}.
 */
final class PreSharedKey {
  /** Of its text: 128 bits where it is hexadecimal, as {@link #generate} makes twice over. */
  static final int MIN_CHARACTERS = 32;

  private static final int MAX_CHARACTERS = 256;
  private static final int GENERATED_BYTES = 32;
  private static final byte[] SALT = "hawser".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PURPOSE =
      "certificate authority on P-256, 1".getBytes(StandardCharsets.US_ASCII);
  // 64 bits more than the group's order has, so that the remainder has no bias to speak of.
  private static final int SCALAR_BYTES = 40;

  private final byte[] key;

  private PreSharedKey(byte[] key) {
    this.key = key;
  }

  /**
   * @param source where the text is from, in messages
   * @throws HawserException (INVALID_ARGUMENT) when it is too short or too long; the message says
   *     nothing of it
   */
  static PreSharedKey of(String text, String source) {
    byte[] key = text.getBytes(StandardCharsets.ISO_8859_1);
    if (key.length < MIN_CHARACTERS || key.length > MAX_CHARACTERS) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the pre-shared key of %s has less than %d or more than %d characters: hawser identity new --psk-file FILE makes a good one"
              .formatted(source, MIN_CHARACTERS, MAX_CHARACTERS));
    }
    return new PreSharedKey(key);
  }

  /** From a file's first line. */
  static PreSharedKey read(Path file) {
    return of(
        SecretFile.read("pre-shared key", file).lines().findFirst().orElse(""), file.toString());
  }

  /** A new one, as text. */
  static String generate() {
    byte[] random = new byte[GENERATED_BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /** The authority's keys, the same for all who have this key. */
  KeyPair authority() {
    try {
      var parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec(CertificateAuthority.CURVE));
      ECParameterSpec curve = parameters.getParameterSpec(ECParameterSpec.class);
      byte[] derived =
          KDF.getInstance("HKDF-SHA256")
              .deriveData(
                  HKDFParameterSpec.ofExtract()
                      .addSalt(SALT)
                      .addIKM(key)
                      .thenExpand(PURPOSE, SCALAR_BYTES));
      BigInteger scalar =
          new BigInteger(1, derived)
              .mod(curve.getOrder().subtract(BigInteger.ONE))
              .add(BigInteger.ONE);
      PrivateKey secret =
          KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(scalar, curve));
      return new KeyPair(publicKey((ECPrivateKey) secret, curve), secret);
    } catch (GeneralSecurityException e) {
      throw new HawserException(
          ErrorCode.INTERNAL, "this JDK cannot derive an authority from a pre-shared key", e);
    }
  }

  /**
   * The JDK multiplies points in key agreement alone: agreeing with the curve's base point gives
   * the public key's x. Of the two points that have it, one verifies what the key signs.
   */
  private static PublicKey publicKey(ECPrivateKey secret, ECParameterSpec curve)
      throws GeneralSecurityException {
    var factory = KeyFactory.getInstance("EC");
    var agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(secret);
    agreement.doPhase(
        factory.generatePublic(new ECPublicKeySpec(curve.getGenerator(), curve)), true);
    BigInteger x = new BigInteger(1, agreement.generateSecret());
    BigInteger prime = ((ECFieldFp) curve.getCurve().getField()).getP();
    BigInteger square =
        x.pow(3).add(curve.getCurve().getA().multiply(x)).add(curve.getCurve().getB()).mod(prime);
    // The prime is 3 modulo 4, where this power is a root.
    BigInteger y = square.modPow(prime.add(BigInteger.ONE).shiftRight(2), prime);
    for (BigInteger each : new BigInteger[] {y, prime.subtract(y)}) {
      PublicKey candidate =
          factory.generatePublic(new ECPublicKeySpec(new ECPoint(x, each), curve));
      if (KeyMatch.of(secret, candidate)) {
        return candidate;
      }
    }
    throw new GeneralSecurityException("no public key fits");
  }
}
