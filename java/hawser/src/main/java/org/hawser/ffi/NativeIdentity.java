package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;
import java.util.Collections;
import java.util.Map;
import org.hawser.HawserException;

/**
 * A {@code hawser_identity}. Any thread may call; it is freed when nobody has it any more, and what
 * was opened with it goes on.
 */
public final class NativeIdentity {
  private static final Cleaner CLEANER = Cleaner.create();
  // No certificate's name: the empty one would mean any.
  private static final String NOBODY = "\u0001";

  private final long handle;

  private NativeIdentity(long handle) {
    this.handle = handle;
    CLEANER.register(this, () -> NativeCall.run(Handles.CLOSE, handle));
  }

  /** What a {@code hawser_identity_config} says of files; "" for those that are not used. */
  public record Files(String certificate, String key, String roots, String psk) {}

  /**
   * Reads the files and checks them.
   *
   * @param peers the name that each rank's certificate must have; none: any name
   * @throws HawserException when a file cannot be used, or (UNSUPPORTED) there is no OpenSSL
   */
  public static NativeIdentity open(Files files, Map<Integer, String> peers) {
    HawserLibrary.require();
    return new NativeIdentity(
        NativeCall.open(
            (arena, out, error) -> {
              MemorySegment config = arena.allocate(Layouts.IDENTITY_CONFIG);
              config.set(JAVA_INT, 0, Math.toIntExact(config.byteSize()));
              text(config, "certificate", files.certificate);
              text(config, "key", files.key);
              text(config, "roots", files.roots);
              text(config, "psk_file", files.psk);
              setPeers(arena, config, peers);
              return (int) Handles.OPEN.invokeExact(config.address(), out, error);
            }));
  }

  private static void text(MemorySegment config, String field, String path) {
    NativeMemory.setText(config, Layouts.IDENTITY_CONFIG, field, path, "the path of the " + field);
  }

  private static void setPeers(Arena arena, MemorySegment config, Map<Integer, String> peers) {
    if (peers.isEmpty()) {
      return;
    }
    int ranks = Collections.max(peers.keySet()) + 1;
    MemorySegment names = arena.allocate(ADDRESS, ranks);
    for (int rank = 0; rank < ranks; rank++) {
      names.setAtIndex(ADDRESS, rank, arena.allocateFrom(peers.getOrDefault(rank, NOBODY)));
    }
    config.set(JAVA_INT, Layouts.offset(Layouts.IDENTITY_CONFIG, "ranks"), ranks);
    config.set(JAVA_LONG, Layouts.offset(Layouts.IDENTITY_CONFIG, "peer_names"), names.address());
  }

  /** Reads the files again; after a failure all is as it was. */
  public void reload() {
    NativeCall.check((_, error) -> (int) Handles.RELOAD.invokeExact(handle, error));
  }

  /** For a config; good while this object is reachable. */
  long handle() {
    return handle;
  }

  private static final class Handles {
    static final MethodHandle OPEN =
        Downcall.of("hawser_identity_open", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle RELOAD =
        Downcall.of("hawser_identity_reload", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_identity_close", JAVA_LONG);
  }
}
