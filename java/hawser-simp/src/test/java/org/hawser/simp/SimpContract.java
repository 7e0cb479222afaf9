package org.hawser.simp;

import static org.hawser.simp.Programs.call;
import static org.hawser.simp.Programs.graph;
import static org.hawser.simp.Programs.op;
import static org.hawser.simp.Programs.pcall;
import static org.hawser.simp.Programs.pcallDynamic;
import static org.hawser.simp.Programs.ranks;
import static org.hawser.simp.Programs.shuffle;
import static org.hawser.simp.Programs.uniformCond;
import static org.hawser.simp.Programs.whileLoop;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.op.StandardOps;
import org.hawser.simp.trace.RandomProgram;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;

/** What every driver does, whatever its workers run on: jobs, and the six operations in them. */
abstract class SimpContract extends HostContract {
  @Test
  void aRegionRunsAtItsPartiesOnly() {
    open(3);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x = ranks(b);
              return List.of(x, pcall(b, List.of(0L, 2L), "add", x, x));
            });
    assertEquals(List.of(parts(0L, 1L, 2L), parts(0L, null, 4L)), results(program));
  }

  @Test
  void severalOutputsAndNone() {
    open(2);
    Graph divide =
        graph(
            1,
            (b, in) -> {
              Value ten = call(b, "ten");
              return b.op(
                  "hawser.call",
                  List.of(ten, in.getFirst()),
                  List.of(Programs.ANY, Programs.ANY),
                  Map.of("name", "divmod"));
            });
    Graph nothing =
        graph(
            1,
            (b, in) -> {
              b.op("hawser.call", in, List.of(), Map.of("name", "drop"));
              return List.of();
            });
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value three = pcallDynamic(b, "add", ranks(b), call(b, "one"));
              pcall(b, BOTH, nothing, three);
              return pcall(b, BOTH, divide, three);
            });
    assertEquals(List.of(parts(10L, 5L), parts(0L, 0L)), results(program));
    assertEquals(List.of(), host.run(graph(0, (_, _) -> List.of()), List.of()));
  }

  @Test
  void resultsAreInputsOfTheNextJob() {
    open(2);
    HostVar x = host.run(graph(0, (b, _) -> List.of(ranks(b))), List.of()).getFirst();
    Graph increment =
        graph(1, (b, in) -> List.of(pcall(b, List.of(1L), "add", in.getFirst(), call(b, "one"))));
    HostVar y = host.run(increment, List.of(x)).getFirst();
    assertEquals(List.of(1), y.parties());
    assertEquals(2L, host.fetch(y, 1));
    assertNull(host.fetch(y, 0));
    // A part that is missing stays missing where nobody asks for it.
    HostVar again = host.run(graph(1, (_, in) -> in), List.of(y)).getFirst();
    assertEquals(parts(null, 2L), host.fetchAll(again));
  }

  @Test
  void tensorsComeBackAsTheyWere() {
    open(2);
    byte[] bytes = new byte[8 * 100];
    Arrays.fill(bytes, (byte) 1);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x =
                  b.op(
                          "tensor.constant",
                          List.of(),
                          List.of(
                              new Type.TensorType(
                                  new Type.IntegerType(64, true), List.of(10L, 10L))),
                          Map.of("value_b64", Base64.getEncoder().encodeToString(bytes)))
                      .getFirst();
              return List.of(shuffle(b, Map.of(1L, 0L), x));
            });
    Tensor wanted =
        Tensor.of(IntStream.range(0, 100).mapToLong(_ -> 0x0101010101010101L).toArray(), 10, 10);
    assertEquals(List.of(parts(null, wanted)), results(program));
  }

  @Test
  void shufflesMoveSwapAndTurn() {
    open(3);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x = ranks(b);
              return List.of(
                  shuffle(b, Map.of(1L, 0L), x),
                  shuffle(b, Map.of(0L, 0L, 1L, 0L, 2L, 0L), x),
                  shuffle(b, Map.of(0L, 1L, 1L, 0L), x),
                  shuffle(b, Map.of(0L, 2L, 1L, 0L, 2L, 1L), x),
                  shuffle(b, Map.of(0L, 1L, 1L, 0L, 2L, 1L), x),
                  shuffle(b, Map.of(2L, 0L), x));
            });
    assertEquals(
        List.of(
            parts(null, 0L, null),
            parts(0L, 0L, 0L),
            parts(1L, 0L, null),
            parts(2L, 0L, 1L),
            parts(1L, 0L, 1L),
            parts(null, null, 0L)),
        results(program));
  }

  @Test
  void partsThatAreMissingMoveToo() {
    open(2);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x = pcall(b, List.of(1L), "one");
              return List.of(shuffle(b, Map.of(1L, 0L), x), shuffle(b, Map.of(0L, 1L), x));
            });
    assertEquals(List.of(parts(null, null), parts(1L, null)), results(program));
  }

  @Test
  void convergeTakesTheFirstPart() {
    open(3);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x = pcall(b, List.of(0L), "one");
              Value y = pcall(b, BOTH, "ten");
              return List.of(
                  b.op("simp.converge", List.of(x, y), List.of(Programs.ANY), Map.of()).getFirst());
            });
    assertEquals(List.of(parts(1L, 10L, null)), results(program));
  }

  @Test
  void uniformConditionsChooseOneRegion() {
    open(3);
    Graph one = graph(1, (b, _) -> List.of(call(b, "one")));
    Graph same = graph(1, (_, in) -> in);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x = ranks(b);
              Value yes = call(b, "less", call(b, "one"), call(b, "ten"));
              Value no = call(b, "less", call(b, "ten"), call(b, "one"));
              return List.of(
                  uniformCond(b, true, one, same, yes, x).getFirst(),
                  uniformCond(b, true, one, same, no, x).getFirst(),
                  uniformCond(b, false, one, same, call(b, "less", x, call(b, "one")), x)
                      .getFirst());
            });
    assertEquals(
        List.of(parts(1L, 1L, 1L), parts(0L, 1L, 2L), parts(1L, 1L, 2L)), results(program));
  }

  @Test
  void conditionsInsideOfRegionsAskTheirPartiesOnly() {
    open(3);
    Graph parties = graph(0, (b, _) -> List.of(op(b, "test.parties")));
    Graph inner =
        graph(
            0,
            (b, _) -> {
              Value yes = call(b, "less", call(b, "one"), call(b, "ten"));
              return uniformCond(b, true, parties, parties, yes);
            });
    Graph program =
        graph(
            0,
            (b, _) -> {
              List<Value> outputs = new ArrayList<>(pcall(b, List.of(1L, 2L), inner));
              outputs.add(op(b, "test.parties"));
              return outputs;
            });
    List<Long> all = List.of(0L, 1L, 2L);
    List<Long> two = List.of(1L, 2L);
    assertEquals(List.of(parts(null, two, two), parts(all, all, all)), results(program));
  }

  @Test
  void conditionsThatDifferNameWhoSaysWhat() {
    open(3);
    Graph same = graph(1, (_, in) -> in);
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value x = ranks(b);
              return uniformCond(b, true, same, same, call(b, "less", x, call(b, "one")), x);
            });
    HawserException failure = assertFails(ErrorCode.INVALID_ARGUMENT, program);
    assertContains(failure, "participants [0, 1, 2]");
    assertContains(failure, "{0=true, 1=false, 2=false}");
    assertContains(failure, "simp.uniform_cond");
  }

  @Test
  void loopsCarryStateAndCaptures() {
    open(2);
    // (i, sum) while i < limit: (i + step, sum + i); limit and step are captured.
    Graph condition = graph(4, (b, in) -> List.of(call(b, "less", in.get(0), in.get(2))));
    Graph body =
        graph(
            4,
            (b, in) ->
                List.of(
                    call(b, "add", in.get(0), in.get(3)), call(b, "add", in.get(1), in.get(0))));
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value one = call(b, "one");
              return whileLoop(b, condition, body, one, ranks(b), call(b, "ten"), one);
            });
    assertEquals(List.of(parts(10L, 10L), parts(45L, 46L)), results(program));
  }

  @Test
  void messagesInLoopsAndNestedRegionsStayInOrder() {
    open(2);
    // The two parties swap their numbers five times, each adding one in between.
    Graph condition = graph(2, (b, in) -> List.of(call(b, "less", in.get(0), call(b, "ten"))));
    Graph step =
        graph(
            1,
            (b, in) ->
                List.of(
                    call(b, "add", shuffle(b, Map.of(0L, 1L, 1L, 0L), in.get(0)), call(b, "one"))));
    Graph body =
        graph(
            2,
            (b, in) -> {
              Value two = call(b, "add", call(b, "one"), call(b, "one"));
              Value next = pcall(b, BOTH, step, in.get(1)).getFirst();
              return List.of(call(b, "add", in.get(0), two), next);
            });
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value zero = shuffle(b, Map.of(0L, 0L, 1L, 0L), ranks(b));
              return whileLoop(b, condition, body, zero, ranks(b));
            });
    assertEquals(List.of(parts(10L, 10L), parts(6L, 5L)), results(program));
  }

  // ----------------------------------------------------------------------------------------------

  /** How many programs made by chance are tried. */
  protected int randomPrograms() {
    return 12;
  }

  @Test
  void doesWhatProgramsSay() throws Exception {
    int parties = 3;
    host = open(parties, StandardOps.registry(RandomProgram.functions()));
    for (long seed = 1; seed <= randomPrograms(); seed++) {
      RandomProgram.Made made = RandomProgram.make(seed, parties);
      List<HostVar> results = List.copyOf(made.program().run(host, Map.of()).values());
      for (int i = 0; i < results.size(); i++) {
        List<Object> parts = host.fetchAll(results.get(i));
        for (int rank = 0; rank < parties; rank++) {
          long[] expected = made.expected().get(i)[rank];
          Object part = parts.get(rank);
          String where =
              "seed %d, value %d at rank %d of %s".formatted(seed, i, rank, made.program());
          assertArrayEquals(expected, part == null ? null : ((Tensor) part).toLongs(), where);
        }
      }
    }
  }
}
