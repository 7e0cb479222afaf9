package org.hawser.cli.unpack;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.ByteSize;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.mem.Unpacker.Executor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hawser unpack-bench}. */
@Command(
    name = "unpack-bench",
    description =
        "Measure how fast fragments are brought to their places: by threads of the host, by a GPU's"
            + " copy engine, by a kernel; each against a plain copy of the same bytes.")
public final class UnpackBenchCommand implements Callable<Integer> {
  /** Offsets in a source are below that. */
  private static final long MOST = 4L << 30;

  @Spec private CommandSpec spec;

  @Option(
      names = "--bytes",
      paramLabel = "SIZE",
      defaultValue = "64M",
      description = "Bytes that are unpacked in one round (default ${DEFAULT-VALUE}).")
  private String bytes;

  @Option(
      names = "--fragments",
      split = ",",
      paramLabel = "SIZE",
      defaultValue = "512,1500,4K,4095,16K,64K,1M",
      description = "Bytes a fragment (default ${DEFAULT-VALUE}).")
  private List<String> fragments;

  @Option(
      names = "--rounds",
      paramLabel = "COUNT",
      defaultValue = "21",
      description = "Rounds of each, of which the median counts (default ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--threads",
      paramLabel = "COUNT",
      defaultValue = "0",
      description = "Threads of the host (default: all cores).")
  private int threads;

  @Option(
      names = "--gpu",
      paramLabel = "NUMBER",
      defaultValue = "0",
      description = "The GPU (default ${DEFAULT-VALUE}).")
  private int gpu;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Override
  public Integer call() {
    long total = size("--bytes", bytes);
    List<Long> sizes = new ArrayList<>();
    for (String fragment : fragments) {
      sizes.add(size("--fragments", fragment));
    }
    if (rounds < 1 || threads < 0) {
      throw misuse("--rounds is 1 or more, --threads 0 or more");
    }
    for (Executor executor : Executor.values()) {
      measure(executor, sizes, total);
    }
    return 0;
  }

  private void measure(Executor executor, List<Long> sizes, long total) {
    try (Contest contest =
        executor == Executor.HOST
            ? Contest.host(threads, total)
            : Contest.gpu(executor, gpu, total)) {
      sizes.forEach(fragment -> print(contest.run(fragment, rounds)));
    } catch (HawserException e) {
      if (e.code() != ErrorCode.UNSUPPORTED) {
        throw e;
      }
      print(UnpackResult.absent(executor, e.getMessage()));
    }
  }

  private void print(UnpackResult result) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? Json.write(result) : result.line());
    out.flush();
  }

  private long size(String option, String text) {
    try {
      long size = ByteSize.parse(text);
      if (size >= 1 && size <= MOST) {
        return size;
      }
    } catch (HawserException e) {
      throw misuse(option + ": " + e.getMessage());
    }
    throw misuse("%s: %s is not between 1 byte and 4G".formatted(option, text));
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
