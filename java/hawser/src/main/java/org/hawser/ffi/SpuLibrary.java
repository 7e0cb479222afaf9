package org.hawser.ffi;

import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * The bridge to libspu, {@code libhawser_spu.so}, with the Python interpreter that libspu lives in:
 * loaded and started once a process, when first asked for. All methods may be called from any
 * thread.
 */
public final class SpuLibrary {
  private SpuLibrary() {}

  /**
   * What is installed.
   *
   * @param origin where the bridge was loaded from
   * @param python the interpreter's version
   * @param environment the folder of its virtual environment
   * @param spu the version of the spu package
   * @param createWithChannels whether this libspu can run on channels of ours
   */
  public record Facts(
      String origin, String python, String environment, String spu, boolean createWithChannels) {}

  /** Whether libspu can be used; starts the interpreter. */
  public static boolean isAvailable() {
    return unavailabilityCause().isEmpty();
  }

  /** Why libspu cannot be used and what to install; empty when it can. */
  public static Optional<HawserException> unavailabilityCause() {
    return Optional.of(new HawserException(ErrorCode.UNSUPPORTED, "libspu is not there"));
  }

  /**
   * Sees to it that libspu can be used.
   *
   * @throws HawserException with the cause when it cannot
   */
  public static void require() {
    unavailabilityCause()
        .ifPresent(
            e -> {
              throw e.again();
            });
  }

  /** What is installed. */
  public static Facts facts() {
    require();
    throw new HawserException(ErrorCode.UNSUPPORTED, "libspu is not there");
  }

  /**
   * Tells libspu that the memory of an asynchronous send may change. Never blocks.
   *
   * @param token as {@link SpuChannel#sendAsync} got it
   */
  public static void sent(long token) {
    require();
  }

  static void release(long handle) {
    require();
  }
}
