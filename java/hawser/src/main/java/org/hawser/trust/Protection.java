package org.hawser.trust;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.Settings;

/**
 * How connections are protected: by an identity, or not at all. Without one what Java connects by
 * itself stays on the machine, unless the operator has said that it may leave it.
 *
 * @param identity this node's; empty for clear text
 * @param insecure whether clear text may go to other machines
 */
public record Protection(Optional<Identity> identity, boolean insecure) {
  private static final Logger LOG = System.getLogger(Protection.class.getName());
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** Clear text, which nobody has said may leave this machine. */
  public static final Protection LOCAL = new Protection(Optional.empty(), false);

  public Protection {
    Objects.requireNonNull(identity);
    if (identity.isEmpty() && insecure && !WARNED.getAndSet(true)) {
      LOG.log(
          Level.WARNING,
          "clear text may go to other machines, for all on the way to read and to forge: {0}=1 or"
              + " --insecure said so",
          Setting.INSECURE.variable());
    }
  }

  public static Protection by(Identity identity) {
    return new Protection(Optional.of(identity), false);
  }

  /** What the variables of this process say. */
  public static Protection fromEnvironment() {
    return from(Settings.ofProcess());
  }

  /**
   * What HAWSER_TLS_* and HAWSER_INSECURE say.
   *
   * @throws HawserException (INVALID_ARGUMENT) when an identity cannot be had from them
   */
  public static Protection from(Settings settings) {
    return new Protection(
        Identity.from(settings), settings.value(Setting.INSECURE, Protection::flag).orElse(false));
  }

  private static boolean flag(String text) {
    return switch (text) {
      case "1" -> true;
      case "0" -> false;
      default -> throw new IllegalArgumentException("it is 0 or 1");
    };
  }

  /** Whether connections stay on this machine. */
  public boolean isLocal() {
    return identity.isEmpty() && !insecure;
  }

  /**
   * Makes sure that connections with an address may be made: the one place where that is decided
   * for what Java connects itself.
   *
   * @param what is connected or listened for, in the message
   * @throws HawserException (REFUSED) that says what to do
   */
  public void require(InetAddress address, String what) {
    if (isLocal() && !address.isLoopbackAddress()) {
      throw new HawserException(
          ErrorCode.REFUSED,
          "%s at %s would be in the clear, for all on the network to read and to forge: give an identity (%s or %s), or say --insecure or %s=1"
              .formatted(
                  what,
                  address.getHostAddress(),
                  Setting.TLS_CERTIFICATE.variable(),
                  Setting.TLS_PSK_FILE.variable(),
                  Setting.INSECURE.variable()));
    }
  }
}
