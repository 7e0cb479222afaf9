package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hawser.HawserException;
import org.hawser.ffi.NativeXla;
import org.hawser.ffi.SpuArray;

/**
 * A StableHLO program compiled for this machine's own processors, by the XLA client of the Python
 * environment that libspu comes with. Runs on plain data, at one party. Any thread may use it, many
 * at once; both compiling and running block in native code: call them on platform threads.
 *
 * <p>Programs may come from elsewhere. They compute on their arguments and nothing else: one that
 * calls functions of this process, or waits for a host, does not compile. Nothing bounds how long
 * one computes. Freed when it is unreachable.
 */
public final class XlaProgram {
  private static final XlaPrograms COMPILED = new XlaPrograms();

  private final NativeXla.Program program;

  private XlaProgram(byte[] stablehlo) {
    program = NativeXla.compile(stablehlo);
    program.object().closeAfter(this);
  }

  /**
   * Compiles a program, or finds it among those compiled lately.
   *
   * @param stablehlo a module, as text, whose function {@code main} is run; all shapes known
   * @throws HawserException with XLA's reason: INVALID_ARGUMENT when it does not compile,
   *     UNSUPPORTED when it may not run here, or no XLA is installed
   */
  public static XlaProgram compile(String stablehlo) {
    byte[] text = stablehlo.getBytes(StandardCharsets.UTF_8);
    try {
      return COMPILED.get(text, XlaProgram::new);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          "a program of %d bytes does not compile for XLA: %s"
              .formatted(text.length, e.getMessage()),
          e);
    }
  }

  /** The number of tensors that {@link #run} returns. */
  public int results() {
    return program.results();
  }

  /**
   * Runs the program, and returns when it has ended.
   *
   * @param arguments one an argument of main, converted as NumPy does where the element type is
   *     another one than the program's
   * @return main's results, in memory that is freed when it is unreachable
   * @throws HawserException (INVALID_ARGUMENT) when number or shapes are not the program's
   */
  public List<Tensor> run(List<Tensor> arguments) {
    List<SpuArray> arrays =
        arguments.stream()
            .map(tensor -> new SpuArray(tensor.type().number(), tensor.shape(), tensor.data()))
            .toList();
    try {
      return NativeXla.run(program, arrays, Arena.ofAuto()).stream().map(Tensor::of).toList();
    } catch (HawserException e) {
      throw new HawserException(
          e.code(), "a program of XLA failed on %s: %s".formatted(arguments, e.getMessage()), e);
    } finally {
      Reference.reachabilityFence(this);
    }
  }
}
