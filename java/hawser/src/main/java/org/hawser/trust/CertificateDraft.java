package org.hawser.trust;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A certificate before it is signed: X.509, version 3, with keys on P-256. The JDK has no public
 * way to make one but a tool that is a process of its own.
 *
 * @param subject its common name
 * @param alternatives its alternative names: DNS names, URIs (with a colon) and IP addresses
 * @param isAuthority whether it vouches for others, or is shown by clients and servers
 */
record CertificateDraft(
    String subject,
    List<String> alternatives,
    PublicKey key,
    boolean isAuthority,
    Instant from,
    Instant until) {
  private static final int SERIAL_BITS = 127;
  private static final byte[] ECDSA_SHA256 = Der.sequence(Der.identifier("1.2.840.10045.4.3.2"));
  private static final String COMMON_NAME = "2.5.4.3";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String ALTERNATIVE_NAMES = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2";
  // Bit strings count from the highest bit on: keyCertSign and cRLSign are bits 5 and 6.
  private static final byte[] SIGNS_CERTIFICATES = Der.bits(1, new byte[] {0x06});
  private static final byte[] SIGNS_DATA = Der.bits(7, new byte[] {(byte) 0x80});
  private static final Pattern DOTTED = Pattern.compile("\\d+(\\.\\d+){3}");
  private static final int DNS = 2;
  private static final int URI = 6;
  private static final int ADDRESS = 7;

  /**
   * @param issuer the common name of whose key signs
   */
  X509Certificate sign(String issuer, PrivateKey issuerKey) throws GeneralSecurityException {
    byte[] body =
        Der.sequence(
            Der.explicit(0, Der.integer(BigInteger.TWO)),
            Der.integer(new BigInteger(SERIAL_BITS, new SecureRandom()).add(BigInteger.ONE)),
            ECDSA_SHA256,
            name(issuer),
            Der.sequence(Der.time(from), Der.time(until)),
            name(subject),
            key.getEncoded(),
            Der.explicit(3, Der.sequence(extensions())));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(issuerKey);
    signature.update(body);
    byte[] whole = Der.sequence(body, ECDSA_SHA256, Der.bits(0, signature.sign()));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(whole));
  }

  private static byte[] name(String commonName) {
    return Der.sequence(Der.set(Der.sequence(Der.identifier(COMMON_NAME), Der.text(commonName))));
  }

  private byte[][] extensions() {
    List<byte[]> all = new ArrayList<>();
    byte[] constraints = isAuthority ? Der.sequence(Der.bool(true)) : Der.sequence();
    all.add(extension(BASIC_CONSTRAINTS, true, constraints));
    all.add(extension(KEY_USAGE, true, isAuthority ? SIGNS_CERTIFICATES : SIGNS_DATA));
    if (!isAuthority) {
      byte[] uses =
          Der.sequence(
              Der.identifier(SERVER_AUTHENTICATION), Der.identifier(CLIENT_AUTHENTICATION));
      all.add(extension(EXTENDED_KEY_USAGE, false, uses));
    }
    if (!alternatives.isEmpty()) {
      byte[][] names =
          alternatives.stream().map(CertificateDraft::alternative).toArray(byte[][]::new);
      all.add(extension(ALTERNATIVE_NAMES, false, Der.sequence(names)));
    }
    return all.toArray(byte[][]::new);
  }

  private static byte[] extension(String identifier, boolean critical, byte[] content) {
    return critical
        ? Der.sequence(Der.identifier(identifier), Der.bool(true), Der.octets(content))
        : Der.sequence(Der.identifier(identifier), Der.octets(content));
  }

  private static byte[] alternative(String name) {
    boolean hasColon = name.indexOf(':') >= 0;
    // With fewer dots the JDK takes numbers for addresses too, and parties may be called 1 and 2.
    if (hasColon || DOTTED.matcher(name).matches()) {
      try {
        return Der.implicit(ADDRESS, InetAddress.ofLiteral(name).getAddress());
      } catch (IllegalArgumentException e) {
        // A name after all.
      }
    }
    return Der.implicit(hasColon ? URI : DNS, name.getBytes(StandardCharsets.US_ASCII));
  }
}
