package org.hawser.trust;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Certificates and private keys as texts between BEGIN and END lines. */
final class Pem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String KEY = "PRIVATE KEY";
  private static final Base64.Encoder LINES =
      Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

  private Pem() {}

  static String certificate(X509Certificate certificate) {
    try {
      return block(CERTIFICATE, certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new HawserException(ErrorCode.INTERNAL, "a certificate without an encoding", e);
    }
  }

  static String key(PrivateKey key) {
    return block(KEY, key.getEncoded());
  }

  private static String block(String kind, byte[] content) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(kind, LINES.encodeToString(content));
  }

  /**
   * All certificates of a file, in their order.
   *
   * @param role what the file is for, in messages
   */
  static List<X509Certificate> certificates(String role, Path file) {
    String text = read(role, file);
    try {
      var factory = CertificateFactory.getInstance("X.509");
      List<X509Certificate> found =
          factory
              .generateCertificates(
                  new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (found.isEmpty()) {
        throw unusable(role, file, "it holds no certificate in PEM", null);
      }
      return found;
    } catch (GeneralSecurityException e) {
      throw unusable(role, file, "it is not a certificate in PEM", e);
    }
  }

  /**
   * The private key of a file.
   *
   * @param algorithm of the public key that it belongs to
   */
  static PrivateKey key(Path file, String algorithm) {
    Matcher block = BLOCK.matcher(SecretFile.read("key", file));
    while (block.find()) {
      if (block.group(1).equals(KEY)) {
        return key(file, algorithm, block.group(2));
      }
      if (block.group(1).endsWith(KEY)) {
        throw unusable(
            "key",
            file,
            "it holds an %s, and is read as PKCS#8 without a password: openssl pkcs8 -topk8 -nodes makes one"
                .formatted(block.group(1)),
            null);
      }
    }
    throw unusable("key", file, "it holds no private key in PEM", null);
  }

  private static PrivateKey key(Path file, String algorithm, String base64) {
    try {
      byte[] encoded = Base64.getMimeDecoder().decode(base64);
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // Without the cause: what a parser says of a key may quote it.
      throw unusable(
          "key", file, "it is no %s key, as the certificate's is".formatted(algorithm), null);
    }
  }

  static String read(String role, Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw unusable(role, file, "there is no such file", e);
    } catch (IOException e) {
      throw unusable(role, file, "it cannot be read: " + e.getMessage(), e);
    }
  }

  static HawserException unusable(String role, Path file, String why, Throwable cause) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "the identity's %s %s: %s".formatted(role, file, why), cause);
  }
}
