package org.hawser.simp.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.Programs;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(60)
class FunctionsTest {
  private final Functions functions = new Functions();
  private final OneWorker worker = new OneWorker(FunctionOps.register(new OpRegistry(), functions));

  @AfterEach
  void close() {
    worker.close();
  }

  /** What a program may call. */
  public static final class Mathematics {
    private Mathematics() {}

    /** The mean of a tensor's elements, scaled. */
    public static double mean(Tensor tensor, double scale) {
      return scale * Arrays.stream(tensor.toDoubles()).average().orElseThrow();
    }

    /** Returns nothing. */
    public static void ignore(Object value) {
      assertEquals(1L, value);
    }

    /** Always fails. */
    public static Object read() throws IOException {
      throw new IOException("secret");
    }

    /** Divides. */
    public static long divide(long a, long b) {
      return a / b;
    }

    /** One of two. */
    public static int twice(int value) {
      return value;
    }

    /** The other one. */
    public static long twice(long value) {
      return value;
    }
  }

  private Object call(String name, Object... arguments) {
    return worker.run("hawser.call", Map.of("name", name), arguments);
  }

  @Test
  void publicStaticMethodsAreFunctions() {
    functions
        .register("mean", Mathematics.class, "mean")
        .register("divide", Mathematics.class, "divide")
        .register("ignore", Mathematics.class, "ignore");
    assertEquals(5.0, call("mean", Tensor.of(new float[] {1, 2, 3}, 3), 2.5));
    worker.evaluate(
        Programs.graph(
            1,
            (b, in) -> {
              b.op("hawser.call", in, List.of(), Map.of("name", "ignore"));
              return List.of();
            }),
        1L);
    assertFails(ErrorCode.INTERNAL, "ArithmeticException at", () -> call("divide", 1L, 0L));
    assertFails(
        ErrorCode.INVALID_ARGUMENT, "cannot be called with 1 arguments", () -> call("divide", 1L));
    assertFails(ErrorCode.INVALID_ARGUMENT, "[String, Long]", () -> call("divide", "text", 1L));
    assertFails(ErrorCode.INVALID_ARGUMENT, "[null, Long]", () -> call("divide", null, 1L));
  }

  @Test
  void whatFunctionsThrowIsNotQuoted() {
    functions.register("read", Mathematics.class, "read");
    HawserException failure =
        assertFails(ErrorCode.INTERNAL, "java.io.IOException", () -> call("read"));
    assertTrue(!failure.getMessage().contains("secret"), failure.getMessage());
  }

  @Test
  void onlyWhatIsRegisteredCanBeCalled() {
    functions.register("known", args -> args);
    assertFails(ErrorCode.UNSUPPORTED, "only [known]", () -> call("java.lang.System.exit"));
    assertFails(ErrorCode.UNSUPPORTED, "Functions.register", () -> call(""));
  }

  @Test
  void namesAndMethodsMustBeClear() {
    functions.register("known", args -> args);
    assertFails(
        ErrorCode.INVALID_ARGUMENT, "already", () -> functions.register("known", args -> args));
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "2 public static methods twice",
        () -> functions.register("twice", Mathematics.class, "twice"));
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "0 public static methods none",
        () -> functions.register("none", Mathematics.class, "none"));
  }

  @Test
  void theNumberOfResultsMustFit() {
    functions.register("two", _ -> List.of(1L, 2L));
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "two has returned 2 values, and the program wants 1",
        () -> call("two"));
  }

  private static HawserException assertFails(ErrorCode code, String part, Executable action) {
    HawserException failure = assertThrows(HawserException.class, action);
    assertEquals(code, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
    return failure;
  }
}
