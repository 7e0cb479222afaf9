package org.hawser.simp.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHost;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.ir.Type;
import org.hawser.simp.op.StandardOps;
import org.hawser.simp.serde.Serde;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.Program;
import org.hawser.spu.program.ProgramBuilder;
import org.junit.jupiter.api.Test;

class TracerTest {
  private static final Type I64 = Types.tensor(DataType.I64);
  private static final Type FLAG = Types.tensor(DataType.I1);

  private static Tensor number(long value) {
    return Tensor.of(new long[] {value});
  }

  @Test
  void writesOneOperationForEachStep() {
    TracedProgram program =
        Tracer.trace(
            "moves",
            t -> {
              Traced x = t.input("x", I64, 0);
              Traced there = t.move(x, 1);
              t.output("both", t.converge(List.of(x, there)));
            });
    assertEquals(
        """
        x : MP[Tensor[i64, []], [0]] = input
        %0 : MP[Tensor[i64, []], [1]] = simp.shuffle(x) {routing={1=0}}
        %1 : MP[Tensor[i64, []], [0, 1]] = simp.converge(x, %0)
        return %1
        """,
        program.graph().toString());
    assertEquals(List.of("x"), program.inputs());
    assertEquals(List.of("both"), program.outputs());
  }

  @Test
  void givesBothBranchesWhatEitherOfThemUses() {
    TracedProgram program =
        Tracer.trace(
            "choice",
            t -> {
              Traced p = t.input("p", FLAG, 0);
              Traced a = t.input("a", I64, 0);
              Traced b = t.input("b", I64, 0);
              t.output("one", t.uniformCond(p, _ -> List.of(b), _ -> List.of(a)).getFirst());
            });
    assertEquals(
        """
        p : MP[Tensor[i1, []], [0]] = input
        a : MP[Tensor[i64, []], [0]] = input
        b : MP[Tensor[i64, []], [0]] = input
        %0 : MP[Tensor[i64, []], [0]] = simp.uniform_cond(p, b, a) {verify_uniform=true}
          {
            %captured0 : MP[Tensor[i64, []], [0]] = input
            %captured1 : MP[Tensor[i64, []], [0]] = input
            return %captured0
          }
          {
            %captured0 : MP[Tensor[i64, []], [0]] = input
            %captured1 : MP[Tensor[i64, []], [0]] = input
            return %captured1
          }
        return %0
        """,
        program.graph().toString());
  }

  @Test
  void sealsAsMplangDoes() {
    TracedProgram program =
        Tracer.trace(
            "seal",
            t -> {
              SpuDevice spu = t.spu(SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18), 0, 1);
              t.output("sealed", spu.seal(t.input("x", Types.tensor(DataType.F32, 2), 1)));
            });
    List<String> opcodes =
        program.graph().operations().stream().map(operation -> operation.opcode()).toList();
    assertEquals(
        List.of("simp.pcall_static", "simp.shuffle", "simp.shuffle", "simp.converge"), opcodes);
    assertEquals(
        new Type.MPType(Types.share(Types.tensor(DataType.F32, 2)), List.of(0, 1)),
        program.graph().outputs().getFirst().type());
  }

  @Test
  void runsAgainOnWhatWasReturned() {
    TracedProgram start = Tracer.trace("start", t -> t.output("x", t.constant(0, number(3))));
    TracedProgram step =
        Tracer.trace(
            "step", t -> t.output("x", t.run(0, doubling(), t.input("x", I64, 0)).getFirst()));
    try (SimpHost host = SimpSimulator.open(2, StandardOps.registry(RandomProgram.functions()))) {
      HostVar x = start.run(host, Map.of()).get("x");
      assertEquals(number(3), host.fetch(x, 0));
      assertEquals(List.of(0), x.parties());
    }
    assertEquals(step.graph().toString(), Serde.loadsB64(Serde.dumpsB64(step.graph())).toString());
  }

  private static Program doubling() {
    ProgramBuilder builder = ProgramBuilder.named("doubling");
    var x = builder.input("x", DataType.I64);
    builder.output("twice", x.add(x));
    return builder.build();
  }

  // ----------------------------------------------------------------------------------------------
  // what cannot be

  private static void assertRefused(String part, SimpProgram program) {
    var failure = assertThrows(HawserException.class, () -> Tracer.trace("wrong", program));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }

  @Test
  void refusesValuesWhereTheyAreNot() {
    assertRefused(
        ") is not at all of [0, 1]",
        t -> t.pcall("f", List.of(0, 1), List.of(t.input("x", I64, 0)), LocalTracer::arguments));
    assertRefused(
        "party 2 cannot get x (Tensor[i64, []] at [0], made at TracerTest.java:",
        t -> t.shuffle(t.input("x", I64, 0), Map.of(2, 1)));
    assertRefused("is not at one party", t -> t.move(t.input("x", I64, 0, 1), 2));
    assertRefused(
        "both have a part at 0",
        t -> t.converge(List.of(t.input("x", I64, 0), t.input("y", I64, 0))));
    assertRefused("ascending", t -> t.input("x", I64, 1, 0));
    assertRefused("ascending", t -> t.input("x", I64));
  }

  @Test
  void refusesOtherTypes() {
    assertRefused(
        "cannot converge", t -> t.converge(List.of(t.input("x", I64, 0), t.input("y", FLAG, 1))));
    assertRefused(
        "the branches return different values",
        t -> {
          Traced p = t.input("p", FLAG, 0);
          t.uniformCond(p, _ -> List.of(p), _ -> List.of());
        });
    assertRefused(
        "a round makes",
        t ->
            t.whileLoop(
                List.of(t.input("x", I64, 0)),
                (r, _) -> r.constant(0, number(1)),
                (r, _) -> List.of(r.constant(1, number(1)))));
    assertRefused(
        "program doubling: input 'x' is Tensor[i64, []], not Tensor[i1, []]",
        t -> t.run(0, doubling(), t.input("p", FLAG, 0)));
    assertRefused("takes 1 inputs, not 0", t -> t.run(0, doubling()));
  }

  @Test
  void refusesValuesOfOtherProgramsAndRegions() {
    AtomicReference<Traced> kept = new AtomicReference<>();
    Tracer.trace("first", t -> kept.set(t.input("x", I64, 0)));
    assertRefused("is of another program", t -> t.move(kept.get(), 1));
    assertRefused(
        "is of another program",
        t -> {
          Traced p = t.input("p", FLAG, 0);
          t.uniformCond(
              p,
              then -> {
                kept.set(then.move(p, 1));
                return List.of();
              },
              _ -> List.of());
          t.move(kept.get(), 0);
        });
    assertRefused(
        "pass it as an argument",
        t -> {
          AtomicReference<Local> local = new AtomicReference<>();
          Traced x = t.input("x", I64, 0);
          t.pcall("a", List.of(0), List.of(x), l -> List.of(keep(local, l.argument(0))));
          t.pcall("b", List.of(0), List.of(x), _ -> List.of(local.get()));
        });
  }

  private static Local keep(AtomicReference<Local> kept, Local value) {
    kept.set(value);
    return value;
  }

  @Test
  void refusesWhatTensorsCannot() {
    assertRefused("no order", t -> local(t, l -> l.transpose(l.argument(0), 0, 0)));
    assertRefused("cannot take the shape", t -> local(t, l -> l.reshape(l.argument(0), 5)));
    assertRefused(
        "has no part",
        t -> local(t, l -> l.slice(l.argument(0), new long[] {0, 0}, new long[] {3, 3})));
    assertRefused("no dimension 2", t -> local(t, l -> l.concat(2, l.arguments())));
    assertRefused(
        "no dimension -1", t -> local(t, l -> l.gather(l.argument(0), l.argument(0), -1)));
  }

  private static void local(Tracer t, Function<LocalTracer, Local> body) {
    Traced x = t.input("x", Types.tensor(DataType.I64, 2, 3), 0);
    t.pcall("local", List.of(0), List.of(x), local -> List.of(body.apply(local)));
  }

  @Test
  void refusesPredicatesThatNotAllHave() {
    assertRefused(
        "is no truth value",
        t -> {
          Traced p = t.input("p", Types.tensor(DataType.I1, 2), 0);
          t.uniformCond(p, _ -> List.of(), _ -> List.of());
        });
    assertRefused(
        "is not at all parties of",
        t -> {
          Traced p = t.input("p", FLAG, 0);
          Traced x = t.input("x", I64, 1);
          t.uniformCond(p, _ -> List.of(x), _ -> List.of(x));
        });
    assertRefused(
        "without state",
        t -> t.whileLoop(List.of(), (r, _) -> r.constant(0, 1), (_, state) -> state));
  }

  @Test
  void refusesTheTracerAroundARegion() {
    assertRefused(
        "use the tracer that it was given",
        t -> {
          Traced p = t.input("p", FLAG, 0);
          t.uniformCond(p, _ -> List.of(t.constant(0, 1)), _ -> List.of());
        });
  }

  @Test
  void refusesSharesOfAnotherDevice() {
    assertRefused(
        "is not on the device of parties [0, 1], SEMI2K and FM128",
        t -> {
          SpuDevice spu = t.spu(SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18), 0, 1);
          SpuDevice other = t.spu(SpuConfig.of(Protocol.SEMI2K, Field.FM128, 18), 0, 1);
          other.reveal(spu.seal(t.constant(0, 1.5)), 0);
        });
  }

  @Test
  void devicesFetchWhatTheyAreGivenInRegionsToo() {
    TracedProgram program =
        Tracer.trace(
            "devices",
            t -> {
              SpuDevice spu = t.spu(SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18), 0, 1);
              Party last = t.party(1);
              Traced p = t.constant(List.of(0, 1), Tensor.of(new boolean[] {true}));
              Traced sealed = spu.put(t.constant(0, 2.5));
              Traced kept = t.uniformCond(p, _ -> List.of(sealed), _ -> List.of(sealed)).getFirst();
              t.output(
                  "x",
                  t.uniformCond(p, _ -> List.of(last.put(kept)), _ -> List.of(last.put(kept)))
                      .getFirst());
              t.output("there", last.put(last.put(t.constant(0, 7))));
            });
    assertEquals(
        new Type.MPType(Types.tensor(DataType.F64), List.of(1)),
        program.graph().outputs().getFirst().type());
    assertEquals(
        List.of("simp.pcall_static", "simp.shuffle"),
        program.graph().operations().reversed().stream()
            .limit(2)
            .map(operation -> operation.opcode())
            .toList()
            .reversed());
  }

  @Test
  void dynamicCallsRunEverywhere() {
    TracedProgram program =
        Tracer.trace(
            "dynamic",
            t -> {
              Traced x = t.constant(List.of(0, 1), number(4));
              Traced same = t.pcallDynamic("same", List.of(x), LocalTracer::arguments).getFirst();
              assertEquals(List.of(), same.parties());
              t.output("there", t.shuffle(same, Map.of(0, 1)));
            });
    try (SimpHost host = SimpSimulator.open(2, StandardOps.registry(RandomProgram.functions()))) {
      assertEquals(Map.of("there", number(4)), program.fetch(host, Map.of()));
    }
  }

  @Test
  void refusesInputsWithoutTheirParts() {
    TracedProgram start = Tracer.trace("start", t -> t.output("x", t.constant(0, 3)));
    TracedProgram next = Tracer.trace("next", t -> t.output("x", t.input("x", I64, 1)));
    try (SimpHost host = SimpSimulator.open(2, StandardOps.registry(RandomProgram.functions()))) {
      Map<String, HostVar> given = start.run(host, Map.of());
      var failure = assertThrows(HawserException.class, () -> next.run(host, given));
      assertTrue(failure.getMessage().contains("input 'x' is at [1]"), failure.getMessage());
    }
  }

  @Test
  void refusesNamesThatAreTaken() {
    assertRefused(
        "two inputs 'x'",
        t -> {
          t.input("x", I64, 0);
          t.input("x", I64, 0);
        });
    assertRefused(
        "two outputs 'y'",
        t -> {
          Traced x = t.input("x", I64, 0);
          t.output("y", x);
          t.output("y", x);
        });
  }
}
