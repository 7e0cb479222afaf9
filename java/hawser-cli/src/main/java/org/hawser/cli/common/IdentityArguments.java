package org.hawser.cli.common;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.Settings;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;
import org.hawser.trust.Renewal;
import picocli.CommandLine.Option;

/**
 * The options that say who this node is to others. Those of them that are given take the place of
 * all HAWSER_TLS_* variables that name an identity.
 */
public final class IdentityArguments {
  private static final Set<Setting> WAYS =
      EnumSet.of(
          Setting.TLS_CERTIFICATE,
          Setting.TLS_KEY,
          Setting.TLS_ROOTS,
          Setting.TLS_PSK_FILE,
          Setting.TLS_PSK);

  private static final Duration LOOK = Duration.ofSeconds(2);

  private final Map<Setting, String> given = new LinkedHashMap<>();

  @Option(
      names = "--identity",
      paramLabel = "FOLDER",
      description = "certificate.pem, key.pem and roots.pem, as hawser identity new makes them.")
  private void folder(Path folder) {
    given.put(Setting.TLS_CERTIFICATE, folder.resolve(Identity.CERTIFICATE_FILE).toString());
    given.put(Setting.TLS_KEY, folder.resolve(Identity.KEY_FILE).toString());
    given.put(Setting.TLS_ROOTS, folder.resolve(Identity.ROOTS_FILE).toString());
  }

  @Option(
      names = "--certificate",
      paramLabel = "FILE",
      description = "This node's certificate, in PEM; with it all connections are TLS 1.3.")
  private void certificate(Path file) {
    given.put(Setting.TLS_CERTIFICATE, file.toString());
  }

  @Option(names = "--key", paramLabel = "FILE", description = "Its private key.")
  private void key(Path file) {
    given.put(Setting.TLS_KEY, file.toString());
  }

  @Option(
      names = "--roots",
      paramLabel = "FILE",
      description = "Whose certificates the others must have theirs from.")
  private void roots(Path file) {
    given.put(Setting.TLS_ROOTS, file.toString());
  }

  @Option(
      names = "--peers",
      paramLabel = "LIST",
      description = "0=alice,1=bob: the names that the certificates of ranks must have.")
  private void peers(String list) {
    given.put(Setting.TLS_PEERS, list);
  }

  @Option(
      names = "--psk-file",
      paramLabel = "FILE",
      description = "A key that all nodes share, in place of certificates.")
  private void preShared(Path file) {
    given.put(Setting.TLS_PSK_FILE, file.toString());
  }

  @Option(
      names = "--insecure",
      description = "Let clear text go to other machines, for all on the way to read and forge.")
  private void insecure(boolean value) {
    given.put(Setting.INSECURE, value ? "1" : "0");
  }

  /**
   * The variables, changed by the options.
   *
   * @throws HawserException (INVALID_ARGUMENT) when they give no identity
   */
  public Protection protection() {
    return Protection.from(Settings.of(over(System.getenv())));
  }

  /**
   * As {@link #protection()}; where nothing names the ranks these names do.
   *
   * @param names by rank
   */
  public Protection protection(Map<Integer, String> names) {
    Protection told = protection();
    return told.identity()
        .filter(identity -> identity.peers().isEmpty() && !identity.isPreShared())
        .map(identity -> Protection.by(identity.withPeers(names)))
        .orElse(told);
  }

  /** Has an identity renewed for as long as this process lives. */
  public static void renew(Protection protection) {
    protection.identity().ifPresent(identity -> Renewal.of(identity, LOOK));
  }

  /** The HAWSER_* variables that would say to another process what these options say. */
  public Map<String, String> over(Map<String, String> variables) {
    Map<String, String> all = new HashMap<>(variables);
    if (given.keySet().stream().anyMatch(WAYS::contains)) {
      WAYS.forEach(way -> all.remove(way.variable()));
    }
    given.forEach((setting, value) -> all.put(setting.variable(), value));
    return all;
  }
}
