package org.hawser.trust;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** A certificate and the private key that belongs to it. */
public record Issued(X509Certificate certificate, PrivateKey key) {
  /**
   * Writes both in PEM; the key's file is its owner's alone from the moment it is there.
   *
   * @throws HawserException (IO) when one of them is there already, or cannot be written
   */
  public void write(Path certificateFile, Path keyFile) {
    try {
      Files.writeString(
          certificateFile, Pem.certificate(certificate), StandardOpenOption.CREATE_NEW);
      SecretFile.write(keyFile, Pem.key(key));
    } catch (IOException e) {
      throw new HawserException(ErrorCode.IO, "cannot write " + e.getMessage(), e);
    }
  }

  /** Names the certificate, never the key. */
  @Override
  public String toString() {
    return certificate.getSubjectX500Principal().getName();
  }
}
