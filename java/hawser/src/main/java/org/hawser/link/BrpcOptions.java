package org.hawser.link;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What libspu's brpc transport can be told.
 *
 * @param maxPayloadBytes longer messages are sent in pieces of this length
 * @param protocol brpc's name of one, such as {@code baidu_std} or {@code http}; empty for libspu's
 *     choice
 * @param connectionType {@code single}, {@code pooled} or {@code short}; empty for libspu's choice
 * @param connectRetries how often to try to reach a peer that does not listen yet
 * @param connectRetryInterval between two tries
 * @param sendTimeout how long one request may take
 * @param tls present to encrypt and authenticate
 * @param retry when to send again
 */
public record BrpcOptions(
    long maxPayloadBytes,
    String protocol,
    String connectionType,
    int connectRetries,
    Duration connectRetryInterval,
    Duration sendTimeout,
    Optional<Tls> tls,
    Optional<Retry> retry) {

  /** Payloads of 32 MiB, half a minute for peers to appear, neither TLS nor retries. */
  public static final BrpcOptions DEFAULT =
      new BrpcOptions(
          32 << 20,
          "",
          "",
          300,
          Duration.ofMillis(100),
          Duration.ofSeconds(20),
          Optional.empty(),
          Optional.empty());

  /**
   * PEM files.
   *
   * @param certificate this party's
   * @param privateKey its key
   * @param trustedRoots who may have signed the peers'
   * @param verifyDepth of the chain
   */
  public record Tls(String certificate, String privateKey, String trustedRoots, int verifyDepth) {
    private Map<String, Object> attributes() {
      return Map.of(
          "cert",
          Map.of("certificate_path", certificate, "private_key_path", privateKey),
          "verify",
          Map.of("ca_file_path", trustedRoots, "verify_depth", verifyDepth));
    }
  }

  /**
   * When to send a request again.
   *
   * @param most how often
   * @param first the wait before the first time
   * @param increment by which each wait is longer than the one before
   * @param longest no wait is longer
   * @param errorCodes brpc's codes worth a retry; empty for all
   * @param httpCodes HTTP's codes worth a retry; empty for all
   * @param aggressive whether to retry on what libspu deems hopeless
   */
  public record Retry(
      int most,
      Duration first,
      Duration increment,
      Duration longest,
      List<Integer> errorCodes,
      List<Integer> httpCodes,
      boolean aggressive) {
    private Map<String, Object> attributes() {
      return Map.of(
          "max_retry", most,
          "retry_interval_ms", first.toMillis(),
          "retry_interval_incr_ms", increment.toMillis(),
          "max_retry_interval_ms", longest.toMillis(),
          "error_codes", errorCodes,
          "http_codes", httpCodes,
          "aggressive_retry", aggressive);
    }
  }

  public BrpcOptions withProtocol(String newProtocol, String newConnectionType) {
    return new BrpcOptions(
        maxPayloadBytes,
        newProtocol,
        newConnectionType,
        connectRetries,
        connectRetryInterval,
        sendTimeout,
        tls,
        retry);
  }

  public BrpcOptions withTls(Tls value) {
    return new BrpcOptions(
        maxPayloadBytes,
        protocol,
        connectionType,
        connectRetries,
        connectRetryInterval,
        sendTimeout,
        Optional.of(value),
        retry);
  }

  public BrpcOptions withRetry(Retry value) {
    return new BrpcOptions(
        maxPayloadBytes,
        protocol,
        connectionType,
        connectRetries,
        connectRetryInterval,
        sendTimeout,
        tls,
        Optional.of(value));
  }

  /** By the names that libspu's descriptor has for them. */
  Map<String, Object> attributes() {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("http_max_payload_size", maxPayloadBytes);
    attributes.put("http_timeout_ms", sendTimeout.toMillis());
    attributes.put("connect_retry_times", connectRetries);
    attributes.put("connect_retry_interval_ms", connectRetryInterval.toMillis());
    if (!protocol.isEmpty()) {
      attributes.put("brpc_channel_protocol", protocol);
    }
    if (!connectionType.isEmpty()) {
      attributes.put("brpc_channel_connection_type", connectionType);
    }
    tls.ifPresent(
        value -> {
          attributes.put("enable_ssl", true);
          attributes.put("client_ssl_opts", value.attributes());
          attributes.put("server_ssl_opts", value.attributes());
        });
    retry.ifPresent(value -> attributes.put("retry_opts", value.attributes()));
    return attributes;
  }
}
