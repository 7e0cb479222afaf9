package org.hawser.trust;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.Settings;
import org.hawser.ffi.NativeIdentity;

/**
 * Who this node is to others, and whom it believes, over all networks alike: TLS 1.3 in which both
 * ends show a certificate, or know one key. One value serves a whole process; any thread may use
 * it.
 *
 * <p>What it was made from never changes. The certificates themselves may: {@link #reload} reads
 * them anew, for handshakes that begin from then on, and connections that are open stay.
 */
public final class Identity {
  static final String PROTOCOL = "TLSv1.3";

  private static final String[] PROTOCOLS = {PROTOCOL};

  /** The files of a folder, as {@code hawser identity new} writes them. */
  public static final String CERTIFICATE_FILE = "certificate.pem";

  public static final String KEY_FILE = "key.pem";
  public static final String ROOTS_FILE = "roots.pem";

  // Shared by all that differ in their peers alone.
  private final Keyring keyring;
  private final Map<Integer, String> peers;
  // Opened for the first who connects by native sockets.
  private NativeIdentity nativeIdentity;

  private Identity(Keyring keyring, Map<Integer, String> peers) {
    this.keyring = keyring;
    this.peers = peers;
  }

  /**
   * Reads PEM files.
   *
   * @param certificate this node's, with what leads from it towards a root
   * @param key its private key, PKCS#8 without a password
   * @param roots whom to trust
   * @throws HawserException (INVALID_ARGUMENT) that names the file which cannot be used, and why
   */
  public static Identity load(Path certificate, Path key, Path roots) {
    var files =
        new NativeIdentity.Files(certificate.toString(), key.toString(), roots.toString(), "");
    return new Identity(
        new Keyring(
            "certificate " + certificate, files, () -> Credentials.read(certificate, key, roots)),
        Map.of());
  }

  /** As {@link #load(Path, Path, Path)}, from a folder's certificate.pem, key.pem and roots.pem. */
  public static Identity load(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the identity %s is no folder: hawser identity new makes some".formatted(folder));
    }
    return load(
        folder.resolve(CERTIFICATE_FILE), folder.resolve(KEY_FILE), folder.resolve(ROOTS_FILE));
  }

  /**
   * The key that all nodes share, from a file that holds nothing else.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it cannot be read or is too short
   */
  public static Identity preShared(Path file) {
    return preShared(file.toString(), file.toString(), () -> PreSharedKey.read(file));
  }

  /**
   * Writes a new key for all nodes to share into a file that is its owner's alone.
   *
   * @throws HawserException (IO) when the file is there already, or cannot be written
   */
  public static void writePreShared(Path file) {
    try {
      SecretFile.write(file, PreSharedKey.generate() + "\n");
    } catch (IOException e) {
      throw new HawserException(ErrorCode.IO, "cannot write " + e.getMessage(), e);
    }
  }

  /**
   * What the HAWSER_TLS_* variables say; empty when none is set.
   *
   * @throws HawserException (INVALID_ARGUMENT) when they say half of it, or two things at once
   */
  public static Optional<Identity> from(Settings settings) {
    Optional<Path> certificate = path(settings, Setting.TLS_CERTIFICATE);
    Optional<Path> key = path(settings, Setting.TLS_KEY);
    Optional<Path> roots = path(settings, Setting.TLS_ROOTS);
    Optional<Path> sharedFile = path(settings, Setting.TLS_PSK_FILE);
    Optional<String> shared = settings.text(Setting.TLS_PSK);
    boolean anyFile = certificate.isPresent() || key.isPresent() || roots.isPresent();
    int ways = (anyFile ? 1 : 0) + (sharedFile.isPresent() ? 1 : 0) + (shared.isPresent() ? 1 : 0);
    if (ways > 1) {
      throw invalid(
          "an identity is a certificate, %s or %s: set one of them, not %d"
              .formatted(Setting.TLS_PSK_FILE.variable(), Setting.TLS_PSK.variable(), ways));
    }
    Map<Integer, String> peers =
        settings.value(Setting.TLS_PEERS, Identity::peers).orElse(Map.of());
    if (ways == 0) {
      if (!peers.isEmpty()) {
        throw invalid(
            "%s is set without a certificate that it would be about"
                .formatted(Setting.TLS_PEERS.variable()));
      }
      return Optional.empty();
    }
    if (anyFile && (certificate.isEmpty() || key.isEmpty() || roots.isEmpty())) {
      throw invalid(
          "a certificate takes its key and the roots to trust: %s, %s and %s go together"
              .formatted(
                  Setting.TLS_CERTIFICATE.variable(),
                  Setting.TLS_KEY.variable(),
                  Setting.TLS_ROOTS.variable()));
    }
    Identity identity =
        anyFile
            ? load(certificate.orElseThrow(), key.orElseThrow(), roots.orElseThrow())
            : sharedFile.map(Identity::preShared).orElseGet(() -> preShared(shared.orElseThrow()));
    return Optional.of(peers.isEmpty() ? identity : identity.withPeers(peers));
  }

  /** The native half reads the variable itself, where no file is named. */
  private static Identity preShared(String text) {
    String variable = Setting.TLS_PSK.variable();
    return preShared(variable, "", () -> PreSharedKey.of(text, variable));
  }

  private static Identity preShared(String origin, String file, Supplier<PreSharedKey> key) {
    return new Identity(
        new Keyring(
            "pre-shared key of " + origin,
            new NativeIdentity.Files("", "", "", file),
            () -> Credentials.of(key.get())),
        Map.of());
  }

  private static Optional<Path> path(Settings settings, Setting setting) {
    return settings.text(setting).map(Path::of);
  }

  private static Map<Integer, String> peers(String text) {
    return PeerList.parse(text);
  }

  /**
   * The same, with names that certificates must have.
   *
   * @param names by rank; none may speak as a rank that is not named, unless none is
   * @throws HawserException (INVALID_ARGUMENT) for a pre-shared key, which names nobody
   */
  public Identity withPeers(Map<Integer, String> names) {
    if (isPreShared() && !names.isEmpty()) {
      throw invalid(
          "whoever knows a pre-shared key is any rank: peers have names with certificates alone");
    }
    return new Identity(keyring, Map.copyOf(names));
  }

  /** By rank, the name that its certificate must have; empty when any that is trusted will do. */
  public Map<Integer, String> peers() {
    return peers;
  }

  public boolean isPreShared() {
    return keyring.isPreShared();
  }

  /**
   * Reads certificates, key and roots anew. Connections that are open stay; those that begin from
   * now on show and check the new ones.
   *
   * @throws HawserException (INVALID_ARGUMENT) when they cannot be used; all is as before then
   */
  public void reload() {
    keyring.reload();
  }

  /** What {@link #reload} reads. */
  List<Path> files() {
    return keyring.files();
  }

  /** This node's certificate, and what leads from it towards a root. */
  public List<X509Certificate> chain() {
    return keyring.current().chain();
  }

  // ----------------------------------------------------------------------------------------------
  // whom it believes

  /**
   * Why a peer may not speak as a rank; empty when it may.
   *
   * @param names that its certificate has, of one that has been verified
   */
  public Optional<String> refusal(int rank, List<String> names) {
    String expected = peers.get(rank);
    if (peers.isEmpty() || expected != null && names.contains(expected)) {
      return Optional.empty();
    }
    return Optional.of(
        expected == null
            ? "nobody may speak as rank %d, which has no name among the peers".formatted(rank)
            : "a certificate for %s may not speak as rank %d, which is %s"
                .formatted(names.isEmpty() ? "no name" : String.join(", ", names), rank, expected));
  }

  /** As {@link #refusal(int, List)}, of the peer of a connection. */
  public Optional<String> refusal(int rank, SSLSession session) {
    return refusal(rank, PeerNames.of(session));
  }

  /**
   * Why a peer would be refused that shows this chain; empty when it would be let in.
   *
   * @param rank that it says it is, or -1
   */
  public Optional<String> refusal(List<X509Certificate> chain, int rank) {
    return Chains.refusal(chain, keyring.current().roots())
        .or(() -> rank < 0 ? Optional.empty() : refusal(rank, PeerNames.of(chain.getFirst())));
  }

  // ----------------------------------------------------------------------------------------------
  // connections

  /** The end that listens, of one connection. */
  public SSLEngine server() {
    SSLEngine engine = keyring.current().context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setSSLParameters(listening());
    return engine;
  }

  /**
   * The end that connects, of one connection.
   *
   * @param rank that is to answer, -1 when none is known. Its name is what counts, and is checked
   *     by {@link #refusal(int, SSLSession)} after the handshake, which is the caller's to call;
   *     where there is no name the certificate must have the host's
   */
  public SSLEngine client(String host, int port, int rank) {
    SSLEngine engine = keyring.current().context().createSSLEngine(host, port);
    engine.setUseClientMode(true);
    engine.setSSLParameters(connecting(rank));
    return engine;
  }

  /** As {@link #server()}, around a socket that is accepted, which it closes. */
  public SSLSocket server(Socket accepted) throws IOException {
    var socket =
        (SSLSocket)
            keyring.current().context().getSocketFactory().createSocket(accepted, null, true);
    socket.setUseClientMode(false);
    socket.setSSLParameters(listening());
    return socket;
  }

  /** As {@link #client(String, int, int)}, around a socket that is connected, which it closes. */
  public SSLSocket client(Socket connected, String host, int rank) throws IOException {
    var socket =
        (SSLSocket)
            keyring
                .current()
                .context()
                .getSocketFactory()
                .createSocket(connected, host, connected.getPort(), true);
    socket.setUseClientMode(true);
    socket.setSSLParameters(connecting(rank));
    return socket;
  }

  private static SSLParameters listening() {
    SSLParameters parameters = new SSLParameters(null, PROTOCOLS);
    parameters.setNeedClientAuth(true);
    return parameters;
  }

  private SSLParameters connecting(int rank) {
    SSLParameters parameters = new SSLParameters(null, PROTOCOLS);
    if (!isPreShared() && (rank < 0 || peers.isEmpty())) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    return parameters;
  }

  /** The same for native sockets, for this module's own packages. */
  @SuppressWarnings("exports")
  public synchronized NativeIdentity toNative() {
    if (nativeIdentity == null) {
      nativeIdentity = keyring.openNative(peers);
    }
    return nativeIdentity;
  }

  /** Where it comes from; nothing of a key. */
  @Override
  public String toString() {
    return keyring.origin();
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
