package org.hawser.ffi;

import static org.hawser.ffi.PmixLayouts.*;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.OptionalInt;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * The client half of PMIx, bound to the cluster's own {@code libpmix.so.2}.
 *
 * <p>Every method blocks in native code until the local PMIx server answers, so none may be called
 * from a virtual thread. {@link #get} may be called by many threads at once, all else by one at a
 * time. A time limit is a request to the server, in whole seconds; a server may ignore it, so that
 * a caller who needs a bound must wait for the calling thread with its own.
 *
 * <p>All memory that crosses is owned here: arguments live in an arena a call, and the values that
 * PMIx allocates are copied to the heap and freed before the method returns.
 */
@SuppressWarnings("restricted")
public final class Pmix {
  private static final String LIBRARY = "libpmix.so.2";

  /** Who this process is to PMIx: its namespace (the job) and its rank in it. */
  public record Process(String namespace, int rank) {}

  private final MethodHandle init;
  private final MethodHandle finish;
  private final MethodHandle put;
  private final MethodHandle commit;
  private final MethodHandle fence;
  private final MethodHandle get;
  private final MethodHandle errorString;
  private final MethodHandle version;
  private final MethodHandle free;

  private Pmix(SymbolLookup library) {
    var linker = Linker.nativeLinker();
    var address = ValueLayout.ADDRESS;
    var size = ValueLayout.JAVA_LONG;
    var status = ValueLayout.JAVA_INT;
    init = bind(library, "PMIx_Init", FunctionDescriptor.of(status, address, address, size));
    finish = bind(library, "PMIx_Finalize", FunctionDescriptor.of(status, address, size));
    put =
        bind(
            library,
            "PMIx_Put",
            FunctionDescriptor.of(status, ValueLayout.JAVA_BYTE, address, address));
    commit = bind(library, "PMIx_Commit", FunctionDescriptor.of(status));
    fence =
        bind(library, "PMIx_Fence", FunctionDescriptor.of(status, address, size, address, size));
    get =
        bind(
            library,
            "PMIx_Get",
            FunctionDescriptor.of(status, address, address, address, size, address));
    errorString = bind(library, "PMIx_Error_string", FunctionDescriptor.of(address, status));
    version = bind(library, "PMIx_Get_version", FunctionDescriptor.of(address));
    free = bind(linker.defaultLookup(), "free", FunctionDescriptor.ofVoid(address));
  }

  /**
   * Loads the library. The process keeps it until it ends.
   *
   * @throws HawserException {@code UNSUPPORTED} when the library is not installed or lacks a
   *     function
   */
  public static Pmix load() {
    try {
      return new Pmix(SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          LIBRARY
              + " can not be loaded on this host: install the package libpmix2 (Debian, Ubuntu) or pmix",
          e);
    }
  }

  private static MethodHandle bind(
      SymbolLookup library, String name, FunctionDescriptor signature) {
    var symbol =
        library
            .find(name)
            .orElseThrow(
                () ->
                    new HawserException(
                        ErrorCode.UNSUPPORTED,
                        LIBRARY + " lacks " + name + ": PMIx 3 or later is needed"));
    return Linker.nativeLinker().downcallHandle(symbol, signature);
  }

  /** The library's own words on its version, such as "OpenPMIx 4.2.2 ...". */
  public String version() {
    return call(() -> text((MemorySegment) version.invokeExact()));
  }

  /** Joins the job. Balanced by one {@link #finish}. */
  public Process init() {
    try (var arena = Arena.ofConfined()) {
      var process = arena.allocate(PROC);
      check("PMIx_Init", call(() -> (int) init.invokeExact(process, MemorySegment.NULL, 0L)));
      return new Process(process.getString(0), process.get(ValueLayout.JAVA_INT, PROC_RANK));
    }
  }

  /** Leaves the job. */
  public void finish() {
    check("PMIx_Finalize", call(() -> (int) finish.invokeExact(MemorySegment.NULL, 0L)));
  }

  /** Sets a value that all ranks may get once it is committed. */
  public void put(String key, byte[] bytes) {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(VALUE);
      value.set(ValueLayout.JAVA_SHORT, VALUE_TYPE, TYPE_BYTE_OBJECT);
      value.set(ValueLayout.ADDRESS, VALUE_BYTES, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
      value.set(ValueLayout.JAVA_LONG, VALUE_SIZE, bytes.length);
      var name = arena.allocateFrom(key);
      check("PMIx_Put of " + key, call(() -> (int) put.invokeExact(SCOPE_GLOBAL, name, value)));
    }
  }

  /** Hands all values put so far to the local server. */
  public void commit() {
    check("PMIx_Commit", call(() -> (int) commit.invokeExact()));
  }

  /** Waits until every rank of the job called it, and collects what they committed. */
  public void fence(int timeoutSeconds) {
    try (var arena = Arena.ofConfined()) {
      var infos = arena.allocate(INFO, 2);
      flag(infos, ATTRIBUTE_COLLECT_DATA);
      timeout(infos.asSlice(INFO.byteSize()), timeoutSeconds);
      check("PMIx_Fence", call(() -> (int) fence.invokeExact(MemorySegment.NULL, 0L, infos, 2L)));
    }
  }

  /**
   * What a rank committed under the key. Empty when it was not there in time, and at once for a
   * rank that has committed other keys and not this one: not every server waits for a key.
   *
   * @param refresh whether to ask the server again where this process knows of the rank already
   */
  public Optional<byte[]> get(
      String namespace, int rank, String key, int timeoutSeconds, boolean refresh) {
    try (var arena = Arena.ofConfined()) {
      var infos = arena.allocate(INFO, 2);
      timeout(infos, timeoutSeconds);
      flag(infos.asSlice(INFO.byteSize()), ATTRIBUTE_REFRESH_CACHE);
      var out = arena.allocate(ValueLayout.ADDRESS);
      var operation = "PMIx_Get of " + key + " from rank " + rank;
      int status = lookUp(arena, namespace, rank, key, infos, refresh ? 2 : 1, out);
      if (status == ERR_NOT_FOUND || status == ERR_TIMEOUT) {
        return Optional.empty();
      }
      check(operation, status);
      return Optional.of(takeBytes(operation, out));
    }
  }

  /** The number of ranks in the job. */
  public int jobSize(String namespace) {
    return number(namespace, RANK_WILDCARD, ATTRIBUTE_JOB_SIZE)
        .orElseThrow(
            () ->
                new HawserException(
                    ErrorCode.UNSUPPORTED, "the PMIx server does not say how large the job is"));
  }

  /** The rank among the job's processes on this host, where the server tells. */
  public OptionalInt localRank(Process process) {
    return number(process.namespace(), process.rank(), ATTRIBUTE_LOCAL_RANK);
  }

  private OptionalInt number(String namespace, int rank, String key) {
    try (var arena = Arena.ofConfined()) {
      var info = arena.allocate(INFO);
      flag(info, ATTRIBUTE_OPTIONAL);
      var out = arena.allocate(ValueLayout.ADDRESS);
      int status = lookUp(arena, namespace, rank, key, info, 1, out);
      if (status == ERR_NOT_FOUND) {
        return OptionalInt.empty();
      }
      check("PMIx_Get of " + key, status);
      return OptionalInt.of(takeNumber(key, out));
    }
  }

  private int lookUp(
      Arena arena,
      String namespace,
      int rank,
      String key,
      MemorySegment infos,
      long infoCount,
      MemorySegment out) {
    var process = arena.allocate(PROC);
    process.setString(0, namespace);
    process.set(ValueLayout.JAVA_INT, PROC_RANK, rank);
    var name = arena.allocateFrom(key);
    return call(() -> (int) get.invokeExact(process, name, infos, infoCount, out));
  }

  private byte[] takeBytes(String operation, MemorySegment out) {
    var value = out.get(ValueLayout.ADDRESS, 0).reinterpret(VALUE.byteSize());
    requireType(operation, value, TYPE_BYTE_OBJECT);
    var bytes = value.get(ValueLayout.ADDRESS, VALUE_BYTES);
    var copy =
        bytes
            .reinterpret(value.get(ValueLayout.JAVA_LONG, VALUE_SIZE))
            .toArray(ValueLayout.JAVA_BYTE);
    free(bytes);
    free(value);
    return copy;
  }

  private int takeNumber(String key, MemorySegment out) {
    var value = out.get(ValueLayout.ADDRESS, 0).reinterpret(VALUE.byteSize());
    if (value.get(ValueLayout.JAVA_SHORT, VALUE_TYPE) == TYPE_UINT16) {
      int number = Short.toUnsignedInt(value.get(ValueLayout.JAVA_SHORT, VALUE_DATA));
      free(value);
      return number;
    }
    requireType(key, value, TYPE_UINT32);
    int number = value.get(ValueLayout.JAVA_INT, VALUE_DATA);
    free(value);
    return number;
  }

  /** A value of a foreign type is left to leak: only its own type would say how to free it. */
  private static void requireType(String operation, MemorySegment value, short expected) {
    short type = value.get(ValueLayout.JAVA_SHORT, VALUE_TYPE);
    if (type != expected) {
      throw new HawserException(
          ErrorCode.INTERNAL,
          operation + ": the value has PMIx type " + type + ", not " + expected);
    }
  }

  private void free(MemorySegment memory) {
    call(
        () -> {
          free.invokeExact(memory);
          return null;
        });
  }

  private static void flag(MemorySegment info, String key) {
    info.setString(0, key);
    info.set(ValueLayout.JAVA_SHORT, INFO_VALUE + VALUE_TYPE, TYPE_BOOL);
    info.set(ValueLayout.JAVA_BOOLEAN, INFO_VALUE + VALUE_DATA, true);
  }

  private static void timeout(MemorySegment info, int seconds) {
    info.setString(0, ATTRIBUTE_TIMEOUT);
    info.set(ValueLayout.JAVA_SHORT, INFO_VALUE + VALUE_TYPE, TYPE_INT);
    info.set(ValueLayout.JAVA_INT, INFO_VALUE + VALUE_DATA, seconds);
  }

  private void check(String operation, int status) {
    if (status == SUCCESS) {
      return;
    }
    var code =
        switch (status) {
          case ERR_TIMEOUT -> ErrorCode.TIMEOUT;
          case ERR_UNREACH -> ErrorCode.LINK_FAILED;
          default -> ErrorCode.IO;
        };
    var name = call(() -> text((MemorySegment) errorString.invokeExact(status)));
    var advice =
        status == ERR_UNREACH
            ? ": no PMIx server of this job answers; start with mpirun or srun --mpi=pmix"
            : "";
    throw new HawserException(code, operation + " failed: " + name + " (" + status + ")" + advice);
  }

  private static String text(MemorySegment chars) {
    return chars.reinterpret(Long.MAX_VALUE).getString(0);
  }

  @FunctionalInterface
  private interface Downcall<T> {
    T invoke() throws Throwable;
  }

  private static <T> T call(Downcall<T> downcall) {
    try {
      return downcall.invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new HawserException(ErrorCode.INTERNAL, "a call of libpmix can not be linked", e);
    }
  }
}
