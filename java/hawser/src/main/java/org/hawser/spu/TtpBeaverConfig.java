package org.hawser.spu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The trusted third party that deals out randomness when {@link RuntimeConfig.BeaverType} says so.
 *
 * @param serverHost its {@code host:port}
 * @param adjustRank the party that adjusts what it deals
 * @param asymCryptoSchema how seeds are encrypted for it, such as {@code SM2}
 * @param serverPublicKey the key they are encrypted with
 * @param transportProtocol brpc's name of the protocol to it
 * @param sslConfig for a server that wants TLS
 */
public record TtpBeaverConfig(
    String serverHost,
    int adjustRank,
    String asymCryptoSchema,
    String serverPublicKey,
    String transportProtocol,
    Optional<ClientSslConfig> sslConfig) {
  Map<String, Object> attributes() {
    var attributes = new LinkedHashMap<String, Object>();
    attributes.put("server_host", serverHost);
    attributes.put("adjust_rank", adjustRank);
    attributes.put("asym_crypto_schema", asymCryptoSchema);
    attributes.put("server_public_key", serverPublicKey);
    attributes.put("transport_protocol", transportProtocol);
    sslConfig.ifPresent(ssl -> attributes.put("ssl_config", ssl.attributes()));
    return attributes;
  }
}
