package org.hawser.spu;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a party shows itself to the server that deals out randomness, and checks it.
 *
 * @param certificate this party's certificate, a file's path or PEM
 * @param privateKey its key, a file's path or PEM
 * @param caFilePath the certificates to trust
 * @param verifyDepth how long a chain of certificates may be; 0 does not verify
 */
public record ClientSslConfig(
    String certificate, String privateKey, String caFilePath, int verifyDepth) {
  Map<String, Object> attributes() {
    var attributes = new LinkedHashMap<String, Object>();
    attributes.put("certificate", certificate);
    attributes.put("private_key", privateKey);
    attributes.put("ca_file_path", caFilePath);
    attributes.put("verify_depth", verifyDepth);
    return attributes;
  }

  /** Without the key, which must not reach a log. */
  @Override
  public String toString() {
    return "ClientSslConfig[caFilePath=%s, verifyDepth=%d]".formatted(caFilePath, verifyDepth);
  }
}
