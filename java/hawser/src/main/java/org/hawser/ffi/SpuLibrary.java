package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.Settings;

/**
 * The bridge to libspu, {@code libhawser_spu.so}, with the Python interpreter that libspu lives in:
 * loaded and started once a process, when first asked for, from the places where {@link
 * NativeLibrary} is looked for. All methods may be called from any thread.
 */
public final class SpuLibrary {
  /** {@code HAWSER_SPU_ABI_VERSION}. */
  static final int ABI_VERSION = 3;

  static final String FILE = "libhawser_spu.so";

  private static final StructLayout FACTS =
      Layouts.struct(
          "hawser_spu_facts",
          Layouts.text("python", 32),
          Layouts.text("spu", 60),
          Layouts.i32("create_with_channels"));
  private static final StructLayout LIVE =
      Layouts.struct(
          "hawser_spu_live",
          Layouts.i64("objects"),
          Layouts.i64("tokens"),
          Layouts.i64("channels"));

  private SpuLibrary() {}

  /**
   * What is installed.
   *
   * @param origin where the bridge was loaded from
   * @param python the interpreter's version
   * @param environment the folder of its virtual environment
   * @param spu the version of the package spu
   * @param createWithChannels whether this libspu can run on channels of ours
   */
  public record Facts(
      String origin, String python, String environment, String spu, boolean createWithChannels) {}

  /**
   * What native code holds for Java.
   *
   * @param objects not closed yet
   * @param tokens of asynchronous sends, for which {@link #sent} was not called yet
   * @param channels that libspu may still call
   */
  public record Live(long objects, long tokens, long channels) {}

  /** Whether libspu can be used; starts the interpreter. */
  public static boolean isAvailable() {
    return unavailabilityCause().isEmpty();
  }

  /** Why libspu cannot be used and what to install; empty when it can. */
  public static Optional<HawserException> unavailabilityCause() {
    return Optional.ofNullable(Started.FAILURE);
  }

  /**
   * Sees to it that libspu can be used.
   *
   * @throws HawserException (UNSUPPORTED) with the cause when it cannot
   */
  public static void require() {
    if (Started.FAILURE != null) {
      throw Started.FAILURE.again();
    }
  }

  /** What is installed. */
  public static Facts facts() {
    require();
    try (Arena arena = Arena.ofConfined()) {
      var error = new SpuError(arena);
      MemorySegment out = arena.allocate(FACTS);
      error.check((int) Handles.FACTS.invokeExact(out.address(), error.address()));
      return new Facts(
          Loaded.OUTCOME.loaded().origin(),
          out.getString(Layouts.offset(FACTS, "python")),
          Started.ENVIRONMENT,
          out.getString(Layouts.offset(FACTS, "spu")),
          out.get(JAVA_INT, Layouts.offset(FACTS, "create_with_channels")) != 0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Tells libspu that the memory of an asynchronous send may change. Never blocks.
   *
   * @param token as {@link SpuChannel#sendAsync} got it
   */
  public static void sent(long token) {
    try {
      Handles.SENT.invokeExact(token);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Lets go what was closed and sent. That happens with every call into libspu as well; this is for
   * whoever makes none, and wants a link's threads and ports back. May wait for libspu.
   *
   * @return what is left
   */
  public static Live reclaim() {
    require();
    try (Arena arena = Arena.ofConfined()) {
      var error = new SpuError(arena);
      MemorySegment out = arena.allocate(LIVE);
      error.check((int) Handles.COUNT_LIVE.invokeExact(out.address(), error.address()));
      return new Live(
          out.get(JAVA_LONG, Layouts.offset(LIVE, "objects")),
          out.get(JAVA_LONG, Layouts.offset(LIVE, "tokens")),
          out.get(JAVA_LONG, Layouts.offset(LIVE, "channels")));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  static void release(long handle) {
    try {
      Handles.RELEASE.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** A function of the bridge that returns a code. */
  static MethodHandle function(String name, MemoryLayout... arguments) {
    return Downcall.link(find(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static MemorySegment find(String function) {
    NativeLibrarySearch.Found library = Loaded.OUTCOME.loaded();
    return library
        .symbols()
        .find(function)
        .orElseThrow(
            () ->
                new HawserException(
                    ErrorCode.VERSION_MISMATCH,
                    "%s has no function %s: it is of another version, build it again"
                        .formatted(library.origin(), function)));
  }

  private static final class Loaded {
    static final NativeLibrarySearch.Outcome OUTCOME = NativeLibrarySearch.search(FILE);
  }

  /** Starts at first use, and keeps the failure. */
  private static final class Started {
    static final String ENVIRONMENT;
    static final HawserException FAILURE;

    static {
      String environment = "";
      HawserException failure = null;
      try {
        environment = environment();
        start(environment);
      } catch (HawserException e) {
        failure = e;
      } catch (RuntimeException | LinkageError e) {
        failure = new HawserException(ErrorCode.INTERNAL, "loading libspu failed: " + e, e);
      }
      ENVIRONMENT = environment;
      FAILURE = failure;
    }

    private static String environment() {
      String environment =
          Settings.ofProcess()
              .text(Setting.PYTHON)
              .orElseThrow(() -> noEnvironment(Setting.PYTHON.variable() + " is not set"));
      if (!Files.isExecutable(Path.of(environment, "bin", "python"))) {
        throw noEnvironment(
            "%s=%s holds no bin/python".formatted(Setting.PYTHON.variable(), environment));
      }
      return environment;
    }

    private static HawserException noEnvironment(String why) {
      return new HawserException(
          ErrorCode.UNSUPPORTED,
          "no Python environment for libspu: %s. scripts/setup makes one in build/python; another one must be a virtual environment of Python 3.11 or 3.12 with the package spu"
              .formatted(why));
    }

    private static void start(String environment) {
      if (Loaded.OUTCOME.failure() != null) {
        throw new HawserException(
            ErrorCode.UNSUPPORTED,
            "the bridge to libspu cannot be loaded: install python3-venv and libpython3-dev of Python 3.11 or 3.12"
                + " and build again. "
                + Loaded.OUTCOME.failure().getMessage(),
            Loaded.OUTCOME.failure());
      }
      try (Arena arena = Arena.ofConfined()) {
        int found = (int) Handles.ABI_VERSION.invokeExact();
        if (found != ABI_VERSION) {
          throw new HawserException(
              ErrorCode.VERSION_MISMATCH,
              "%s has ABI version %d, this module needs %d: install both from one build"
                  .formatted(Loaded.OUTCOME.loaded().origin(), found, ABI_VERSION));
        }
        var error = new SpuError(arena);
        error.check(
            (int)
                Handles.START.invokeExact(NativeMemory.text(arena, environment), error.address()));
      } catch (Throwable e) {
        throw Downcall.broken(e);
      }
    }
  }

  private static final class Handles {
    static final MethodHandle ABI_VERSION = function("hawser_spu_abi_version");
    static final MethodHandle START = function("hawser_spu_start", JAVA_LONG, JAVA_LONG);
    static final MethodHandle FACTS = function("hawser_spu_get_facts", JAVA_LONG, JAVA_LONG);
    static final MethodHandle COUNT_LIVE = function("hawser_spu_count_live", JAVA_LONG, JAVA_LONG);
    static final MethodHandle RELEASE =
        Downcall.link(find("hawser_spu_release"), FunctionDescriptor.ofVoid(JAVA_LONG));
    // A compare-and-set and nothing else: the call does without the thread's change of state.
    static final MethodHandle SENT =
        Downcall.link(
            find("hawser_spu_sent"),
            FunctionDescriptor.ofVoid(JAVA_LONG),
            Linker.Option.critical(false));
  }
}
