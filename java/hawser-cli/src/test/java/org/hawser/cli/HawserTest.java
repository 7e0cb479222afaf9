package org.hawser.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How commands are understood, and how what was not understood is told. */
class HawserTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Map<String, String> variables, String... arguments) {
    return Hawser.run(variables, new PrintWriter(out), new PrintWriter(err), arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          perf --local --siezs 8           | did you mean --sizes
          perf --local --scheduler roundrobin | did you mean round-robin
          perf --local --wait sleep        | not one of [block, spin]
          perf --local --on-lane-loss stop | not one of [failover, fail-fast]
          perf --local --chunk many        | "many" is not a size
          perf --local --sizes 0           | 1 byte or more
          perf --local --sizes 1X          | "1X" is not a size
          perf --local --seconds 0         | --seconds is above 0
          perf --local --window 0          | --window is 1 to
          perf --local --op bandwidth      | bandwidth
          perf --local --listen            | mutually exclusive
          perf                             | --listen
          perf host:notaport               | no port
          send onlyonething                | FILE... HOST
          send /nonexistent host           | /nonexistent is no file
          receive                          | --dir
          demo --epochs 0                  | --epochs is 1 or more
          spu                              | say which command
          spu run                          | --program
          spu bench --links wire           | wire
          spu bench --programs lr:5        | "lr:5" is no program to measure
          spu bench --parties 4            | --parties is 2 or 3
          spu bench --warm-up -1           | --warm-up 0 to 60
          spu bench --protocol ABY3        | ABY3 takes exactly 3 parties, not 2
          receive --dir /nonexistent       | no folder
          worker --rank 0                  | --config
          worker --config /nonexistent --rank 0 | /nonexistent: cannot be read
          simp                             | say which command
          simp bench --driver wire         | wire
          simp bench --workers 1           | --workers is 2 to 64
          simp run /nonexistent --simulate 2 | /nonexistent cannot be read
          simp run program.json            | --simulate
          port 127.0.0.1:1 0               | GPU_ID
          port here 0 0 Memory             | ip:port
          port 127.0.0.1:1 2 0 Memory      | RANK is 0 or 1
          port 127.0.0.1:1 0 0 Memroy      | did you mean Memory
          port --transport TCPX            | did you mean Tcp
          port --sizes 0                   | 1 byte or more
          port --sizes 8,8                 | comes once
          port --iterations 0              | --iterations is 1 or more
          port --all-gather 1              | --all-gather is 2
          parf                             | perf
          """)
  void misuseIsToldInOneLineWithCodeTwo(String arguments, String expected) {
    assertEquals(2, run(Map.of(), arguments.strip().split(" ")), err.toString());
    assertTrue(err.toString().startsWith("hawser: "), err.toString());
    assertTrue(err.toString().contains(expected), err.toString());
    assertFalse(err.toString().contains("\tat "), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void unknownVariableIsRefusedWithTheNearestName() {
    assertEquals(2, run(Map.of("HAWSER_CHUNKS", "1M"), "doctor"));
    assertTrue(err.toString().contains("did you mean HAWSER_CHUNK?"), err.toString());
  }

  @Test
  void failureIsOneLineAndVerboseTellsMore() {
    assertEquals(1, run(Map.of(), "perf", "127.0.0.1:1", "--lanes", "lo,lo"));
    assertEquals(1, err.toString().lines().count(), err.toString());
    err.getBuffer().setLength(0);
    assertEquals(2, run(Map.of(), "perf", "127.0.0.1:1", "--lanes", "=nonesuch0", "-v"));
    assertTrue(err.toString().contains("\tat org.hawser"), err.toString());
  }

  @Test
  void versionNamesBothHalves() {
    assertEquals(0, run(Map.of(), "--version"));
    assertTrue(out.toString().contains("native library 0."), out.toString());
    assertTrue(out.toString().contains("JDK " + Runtime.version()), out.toString());
  }

  @Test
  void helpListsEveryCommandAndTheExitCodes() {
    assertEquals(0, run(Map.of(), "--help"));
    for (String word :
        new String[] {"perf", "port", "send", "receive", "spu", "doctor", "demo", "Exit codes"}) {
      assertTrue(out.toString().contains(word), out.toString());
    }
  }
}
