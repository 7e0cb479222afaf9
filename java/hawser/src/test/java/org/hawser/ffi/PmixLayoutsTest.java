package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Asks a C compiler what the installed PMIx headers say, and compares. Skipped without headers. */
@Timeout(60)
class PmixLayoutsTest {
  @TempDir Path directory;

  /** What Java believes, by the C expression that must have the same value. */
  private static Map<String, Object> beliefs() {
    var beliefs = new LinkedHashMap<String, Object>();
    beliefs.put("sizeof(pmix_proc_t)", PmixLayouts.PROC.byteSize());
    beliefs.put("sizeof(pmix_value_t)", PmixLayouts.VALUE.byteSize());
    beliefs.put("sizeof(pmix_info_t)", PmixLayouts.INFO.byteSize());
    beliefs.put("sizeof(pmix_nspace_t)", (long) PmixLayouts.NAMESPACE_BYTES);
    beliefs.put("sizeof(pmix_key_t)", (long) PmixLayouts.KEY_BYTES);
    beliefs.put("offsetof(pmix_proc_t, rank)", PmixLayouts.PROC_RANK);
    beliefs.put("offsetof(pmix_value_t, type)", PmixLayouts.VALUE_TYPE);
    beliefs.put("offsetof(pmix_value_t, data)", PmixLayouts.VALUE_DATA);
    beliefs.put("offsetof(pmix_value_t, data.bo.bytes)", PmixLayouts.VALUE_BYTES);
    beliefs.put("offsetof(pmix_value_t, data.bo.size)", PmixLayouts.VALUE_SIZE);
    beliefs.put("offsetof(pmix_info_t, value)", PmixLayouts.INFO_VALUE);
    beliefs.put("sizeof(pmix_scope_t)", 1L);
    beliefs.put("sizeof(pmix_status_t)", 4L);
    beliefs.put("(int) PMIX_RANK_WILDCARD", (long) PmixLayouts.RANK_WILDCARD);
    beliefs.put("PMIX_GLOBAL", (long) PmixLayouts.SCOPE_GLOBAL);
    beliefs.put("PMIX_BOOL", (long) PmixLayouts.TYPE_BOOL);
    beliefs.put("PMIX_INT", (long) PmixLayouts.TYPE_INT);
    beliefs.put("PMIX_UINT16", (long) PmixLayouts.TYPE_UINT16);
    beliefs.put("PMIX_UINT32", (long) PmixLayouts.TYPE_UINT32);
    beliefs.put("PMIX_BYTE_OBJECT", (long) PmixLayouts.TYPE_BYTE_OBJECT);
    beliefs.put("PMIX_SUCCESS", (long) PmixLayouts.SUCCESS);
    beliefs.put("PMIX_ERR_TIMEOUT", (long) PmixLayouts.ERR_TIMEOUT);
    beliefs.put("PMIX_ERR_UNREACH", (long) PmixLayouts.ERR_UNREACH);
    beliefs.put("PMIX_ERR_NOT_FOUND", (long) PmixLayouts.ERR_NOT_FOUND);
    beliefs.put("PMIX_TIMEOUT", PmixLayouts.ATTRIBUTE_TIMEOUT);
    beliefs.put("PMIX_COLLECT_DATA", PmixLayouts.ATTRIBUTE_COLLECT_DATA);
    beliefs.put("PMIX_OPTIONAL", PmixLayouts.ATTRIBUTE_OPTIONAL);
    beliefs.put("PMIX_GET_REFRESH_CACHE", PmixLayouts.ATTRIBUTE_REFRESH_CACHE);
    beliefs.put("PMIX_JOB_SIZE", PmixLayouts.ATTRIBUTE_JOB_SIZE);
    beliefs.put("PMIX_LOCAL_RANK", PmixLayouts.ATTRIBUTE_LOCAL_RANK);
    return beliefs;
  }

  @Test
  void javaAndCAgree() throws Exception {
    var program = new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n#include <pmix.h>\n");
    program.append("int main(void) {\n");
    beliefs()
        .forEach(
            (expression, value) ->
                program.append(
                    value instanceof Long
                        ? "  printf(\"%lld\\n\", (long long) (" + expression + "));\n"
                        : "  printf(\"%s\\n\", " + expression + ");\n"));
    program.append("  return 0;\n}\n");
    var source = Files.writeString(directory.resolve("layouts.c"), program);
    var binary = directory.resolve("layouts");
    var lines = run(compiler(source, binary), binary);
    assertEquals(beliefs().values().stream().map(Object::toString).toList(), lines);
  }

  private List<String> run(List<String> compiler, Path binary) throws Exception {
    var compiled = output(compiler);
    assertTrue(Files.isExecutable(binary), () -> "the check does not compile: " + compiled);
    return output(List.of(binary.toString()));
  }

  private List<String> compiler(Path source, Path binary) throws Exception {
    var flags = output(List.of("sh", "-c", "pkg-config --cflags pmix 2>/dev/null || true"));
    var command = new ArrayList<>(List.of("cc", "-o", binary.toString(), source.toString()));
    flags.forEach(line -> command.addAll(List.of(line.strip().split("\\s+"))));
    var probe =
        output(
            List.of(
                "sh",
                "-c",
                "command -v cc pkg-config >/dev/null && pkg-config --exists pmix && echo here"));
    if (probe.isEmpty()) {
      System.out.println(
          "skipped: no C compiler with PMIx headers (packages gcc, pkg-config, libpmix-dev)");
    }
    assumeTrue(!probe.isEmpty(), "no C compiler with PMIx headers");
    return command;
  }

  private List<String> output(List<String> command) throws Exception {
    var file = Files.createTempFile(directory, "output", ".txt");
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(file.toFile()).start();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> command + " does not end");
    return Files.readAllLines(file);
  }
}
