package org.hawser.cli.common;

import java.util.Optional;
import org.hawser.ffi.HawserLibrary;
import org.hawser.ffi.NativeLibrary;
import picocli.CommandLine.IVersionProvider;

/** What {@code hawser --version} prints; it works without the native library too. */
public final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String library =
        NativeLibrary.isAvailable()
            ? HawserLibrary.version()
            : "not loaded (hawser doctor tells why)";
    return new String[] {
      "hawser " + own(), "native library " + library, "JDK " + Runtime.version(),
    };
  }

  /** The commands' own version, as the build wrote it into the module. */
  public static String own() {
    var descriptor = Version.class.getModule().getDescriptor();
    return Optional.ofNullable(descriptor).flatMap(d -> d.rawVersion()).orElse("development");
  }
}
