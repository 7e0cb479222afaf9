package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Native access is the business of one package: {@code jnativescan} finds restricted calls in no
 * other.
 */
class NativeAccessTest {
  @Test
  void onlyTheFfiPackageCallsRestrictedMethods() throws Exception {
    Path classes =
        Path.of(NativeLibrary.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    var out = new StringWriter();
    var jnativescan = ToolProvider.findFirst("jnativescan").orElseThrow();
    int exit =
        jnativescan.run(
            new PrintWriter(out, true),
            new PrintWriter(out, true),
            "--module-path",
            classes.toString(),
            "--add-modules",
            "org.hawser");
    assertEquals(0, exit, out::toString);
    List<String> callers =
        out.toString()
            .lines()
            .filter(line -> line.contains("references restricted methods"))
            .map(String::strip)
            .toList();
    assertTrue(
        callers.stream().anyMatch(line -> line.startsWith("org.hawser.ffi.NativeLibrarySearch")),
        () -> "the scan missed a known restricted call, so it proves nothing:\n" + out);
    assertEquals(
        List.of(), callers.stream().filter(line -> !line.startsWith("org.hawser.ffi.")).toList());
  }
}
