package org.hawser.trust;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.hawser.ffi.NativeIdentity;

/** What an identity has read, for JSSE and for native sockets, until it is read again. */
final class Keyring {
  private final String origin;
  private final NativeIdentity.Files files;
  private final Supplier<Credentials> source;
  private final List<NativeIdentity> natives = new ArrayList<>();
  private volatile Credentials current;

  /**
   * @param origin where it comes from, in words that tell no secret
   */
  Keyring(String origin, NativeIdentity.Files files, Supplier<Credentials> source) {
    this.origin = origin;
    this.files = files;
    this.source = source;
    current = source.get();
  }

  String origin() {
    return origin;
  }

  /** None for a key that is in no file. */
  List<Path> files() {
    return Stream.of(files.certificate(), files.key(), files.roots(), files.psk())
        .filter(each -> !each.isEmpty())
        .map(Path::of)
        .toList();
  }

  boolean isPreShared() {
    return files.certificate().isEmpty();
  }

  Credentials current() {
    return Instant.now().isAfter(current.renewal()) ? renewed() : current;
  }

  private synchronized Credentials renewed() {
    if (Instant.now().isAfter(current.renewal())) {
      current = source.get();
    }
    return current;
  }

  /** Java's first: what it refuses changes nothing. */
  synchronized void reload() {
    Credentials read = source.get();
    natives.forEach(NativeIdentity::reload);
    current = read;
  }

  synchronized NativeIdentity openNative(Map<Integer, String> peers) {
    var opened = NativeIdentity.open(files, peers);
    natives.add(opened);
    return opened;
  }
}
