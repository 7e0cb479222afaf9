package org.hawser.simp.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.hawser.simp.ir.Type;
import org.hawser.simp.op.Functions;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/**
 * A program made by chance, and what it must return: the same steps are traced, and done here in
 * plain Java on one array a party. Values are three whole numbers at each of their parties.
 */
public final class RandomProgram {
  private static final int LENGTH = 3;
  private static final int STEPS = 12;
  private static final int MAX_DEPTH = 2;

  private final Random random;
  private final int world;

  private RandomProgram(long seed, int world) {
    this.random = new Random(seed);
    this.world = world;
  }

  /**
   * @param expected of each output: one array a rank, null where that party has no part
   */
  public record Made(TracedProgram program, List<long[][]> expected) {}

  /** What does something with the values before it, at the parties that were chosen for it. */
  private interface Step {
    List<Traced> trace(Tracer tracer, List<Traced> values);

    List<long[][]> evaluate(List<long[][]> values);
  }

  /** Steps, and which parties have what: the values before them, and after each step its own. */
  private record Block(List<Step> steps, List<int[]> parties) {
    List<Traced> trace(Tracer tracer, List<Traced> given) {
      List<Traced> values = new ArrayList<>(given);
      steps.forEach(step -> values.addAll(step.trace(tracer, values)));
      return values;
    }

    List<long[][]> evaluate(List<long[][]> given) {
      List<long[][]> values = new ArrayList<>(given);
      steps.forEach(step -> values.addAll(step.evaluate(values)));
      return values;
    }
  }

  /** The program of a seed, over so many parties. */
  public static Made make(long seed, int world) {
    var made = new RandomProgram(seed, world);
    Block block = made.block(List.of(), STEPS, 0);
    TracedProgram program =
        Tracer.trace(
            "seed " + seed,
            tracer -> {
              List<Traced> values = block.trace(tracer, List.of());
              for (int i = 0; i < values.size(); i++) {
                tracer.output("v" + i, values.get(i));
              }
            });
    return new Made(program, block.evaluate(List.of()));
  }

  /** What the programs call. */
  public static Functions functions() {
    return new Functions()
        .register("mix", args -> List.of(tensor(mix(array(args.get(0)), array(args.get(1))))))
        .register(
            "split", args -> List.of(tensor(half(array(args.get(0)))), tensor(array(args.get(0)))))
        .register("add", args -> List.of(tensor(add(array(args.get(0)), array(args.get(1))))))
        .register("forget", _ -> List.of())
        .register(
            "below",
            args ->
                List.of(Tensor.of(new boolean[] {below(array(args.get(0)), array(args.get(1)))})));
  }

  private static Tensor tensor(long[] values) {
    return Tensor.of(values, LENGTH);
  }

  private static long[] array(Object tensor) {
    return ((Tensor) tensor).toLongs();
  }

  private static long[] mix(long[] a, long[] b) {
    return IntStream.range(0, LENGTH).mapToLong(i -> 31 * a[i] + b[(i + 1) % LENGTH] + 7).toArray();
  }

  private static long[] add(long[] a, long[] b) {
    return IntStream.range(0, LENGTH).mapToLong(i -> a[i] + b[i]).toArray();
  }

  private static long[] half(long[] a) {
    return Arrays.stream(a).map(each -> each >> 1).toArray();
  }

  private static boolean below(long[] a, long[] b) {
    return a[0] < b[0];
  }

  // ----------------------------------------------------------------------------------------------

  private Block block(List<int[]> before, int steps, int depth) {
    List<int[]> parties = new ArrayList<>(before);
    List<Step> made = new ArrayList<>();
    for (int party = 0; party < world && depth == 0; party++) {
      made.add(constant(party));
      parties.add(new int[] {party});
    }
    for (int i = 0; i < steps; i++) {
      made.add(step(parties, depth));
    }
    return new Block(made, parties);
  }

  /** One more step; adds the parties of what it makes. */
  private Step step(List<int[]> parties, int depth) {
    return switch (random.nextInt(depth < MAX_DEPTH ? 9 : 7)) {
      case 0, 1 -> mixOf(parties);
      case 2 -> rotation(parties);
      case 3, 4 -> shuffle(parties);
      case 5 -> split(parties);
      case 6 -> converge(parties);
      case 7 -> choice(parties, depth);
      default -> loop(parties, depth);
    };
  }

  private int any(List<int[]> parties) {
    return random.nextInt(parties.size());
  }

  private Step constant(int party) {
    long[] values = random.longs(LENGTH, -100, 100).toArray();
    return step(
        (tracer, _) -> List.of(tracer.constant(party, tensor(values))),
        _ -> Collections.singletonList(only(party, values)));
  }

  private long[][] only(int party, long[] values) {
    var parts = new long[world][];
    parts[party] = values;
    return parts;
  }

  private Step mixOf(List<int[]> parties) {
    int a = any(parties);
    int b = any(parties);
    List<Integer> common =
        Arrays.stream(parties.get(a))
            .filter(party -> Arrays.binarySearch(parties.get(b), party) >= 0)
            .boxed()
            .toList();
    if (common.isEmpty()) {
      return shuffle(parties);
    }
    parties.add(common.stream().mapToInt(Integer::intValue).toArray());
    return step(
        (tracer, values) ->
            tracer.pcall(
                "mix",
                common,
                List.of(values.get(a), values.get(b)),
                local -> local.call("mix", List.of(type()), local.arguments())),
        values ->
            Collections.singletonList(
                at(common, party -> mix(values.get(a)[party], values.get(b)[party]))));
  }

  private Step rotation(List<int[]> parties) {
    int a = any(parties);
    List<Integer> all = boxed(parties.get(a));
    parties.add(parties.get(a));
    return step(
        (tracer, values) ->
            tracer.pcall("rotate", all, List.of(values.get(a)), RandomProgram::rotate),
        values ->
            Collections.singletonList(
                at(
                    all,
                    party -> {
                      long[] v = values.get(a)[party];
                      return new long[] {v[1], v[2], v[0]};
                    })));
  }

  private static List<Local> rotate(LocalTracer local) {
    Local value = local.argument(0);
    Local tail = local.slice(value, new long[] {1}, new long[] {LENGTH});
    Local head = local.slice(value, new long[] {0}, new long[] {1});
    return List.of(local.concat(0, List.of(tail, head)));
  }

  private Step split(List<int[]> parties) {
    int a = any(parties);
    List<Integer> all = boxed(parties.get(a));
    parties.add(parties.get(a));
    parties.add(parties.get(a));
    return step(
        (tracer, values) -> {
          List<Traced> given = List.of(values.get(a));
          tracer.pcall(
              "forget", all, given, local -> local.call("forget", List.of(), local.arguments()));
          return tracer.pcall(
              "split",
              all,
              given,
              local -> local.call("split", List.of(type(), type()), local.arguments()));
        },
        values -> List.of(at(all, party -> half(values.get(a)[party])), values.get(a)));
  }

  private Step shuffle(List<int[]> parties) {
    int a = any(parties);
    int[] sources = parties.get(a);
    Map<Integer, Integer> routing = new HashMap<>();
    for (int target = 0; target < world; target++) {
      if (random.nextBoolean()) {
        routing.put(target, sources[random.nextInt(sources.length)]);
      }
    }
    if (routing.isEmpty()) {
      routing.put(random.nextInt(world), sources[0]);
    }
    List<Integer> targets = new TreeSet<>(routing.keySet()).stream().toList();
    parties.add(targets.stream().mapToInt(Integer::intValue).toArray());
    return step(
        (tracer, values) -> List.of(tracer.shuffle(values.get(a), routing)),
        values ->
            Collections.singletonList(at(targets, party -> values.get(a)[routing.get(party)])));
  }

  private Step converge(List<int[]> parties) {
    List<Integer> chosen = new ArrayList<>();
    var taken = new TreeSet<Integer>();
    for (int attempt = 0; attempt < world; attempt++) {
      int candidate = any(parties);
      List<Integer> own = boxed(parties.get(candidate));
      if (own.stream().noneMatch(taken::contains)) {
        chosen.add(candidate);
        taken.addAll(own);
      }
    }
    parties.add(taken.stream().mapToInt(Integer::intValue).toArray());
    return step(
        (tracer, values) -> List.of(tracer.converge(chosen.stream().map(values::get).toList())),
        values ->
            Collections.singletonList(
                at(
                    List.copyOf(taken),
                    party ->
                        chosen.stream()
                            .map(each -> values.get(each)[party])
                            .filter(part -> part != null)
                            .findFirst()
                            .orElseThrow())));
  }

  private Step choice(List<int[]> parties, int depth) {
    int a = any(parties);
    int b = any(parties);
    int before = parties.size();
    Block then = block(parties, 1 + random.nextInt(3), depth + 1);
    Block otherwise = block(parties, 1 + random.nextInt(3), depth + 1);
    int[] from = {parties.get(a)[0], parties.get(b)[0]};
    int[] results = {then.parties.getLast()[0], otherwise.parties.getLast()[0]};
    parties.add(everybody());
    return step(
        (tracer, values) ->
            tracer.uniformCond(
                below(
                    tracer,
                    toAll(tracer, values.get(a), from[0]),
                    toAll(tracer, values.get(b), from[1])),
                t ->
                    List.of(
                        toAll(t, then.trace(t, values.subList(0, before)).getLast(), results[0])),
                t ->
                    List.of(
                        toAll(
                            t,
                            otherwise.trace(t, values.subList(0, before)).getLast(),
                            results[1]))),
        values -> {
          boolean first = below(values.get(a)[from[0]], values.get(b)[from[1]]);
          List<long[][]> made = (first ? then : otherwise).evaluate(values.subList(0, before));
          return Collections.singletonList(toAll(made.getLast()[results[first ? 0 : 1]]));
        });
  }

  private Step loop(List<int[]> parties, int depth) {
    int a = any(parties);
    int from = parties.get(a)[0];
    int rounds = random.nextInt(4);
    int before = parties.size();
    List<int[]> inside = new ArrayList<>(parties);
    inside.add(everybody());
    Block body = block(inside, 1 + random.nextInt(2), depth + 1);
    int result = body.parties.getLast()[0];
    parties.add(everybody());
    return step(
        (tracer, values) -> {
          Traced zero = toAll(tracer, tracer.constant(0, tensor(new long[LENGTH])), 0);
          Traced end = toAll(tracer, tracer.constant(0, tensor(new long[] {rounds, 0, 0})), 0);
          Traced one = toAll(tracer, tracer.constant(0, tensor(new long[] {1, 0, 0})), 0);
          List<Traced> last =
              tracer.whileLoop(
                  List.of(zero, toAll(tracer, values.get(a), from)),
                  (t, state) -> below(t, state.get(0), end),
                  (t, state) -> {
                    List<Traced> given = new ArrayList<>(values.subList(0, before));
                    given.add(state.get(1));
                    Traced next = toAll(t, body.trace(t, given).getLast(), result);
                    return List.of(added(t, state.get(0), one), next);
                  });
          return List.of(last.get(1));
        },
        values -> {
          long[][] state = toAll(values.get(a)[from]);
          for (int round = 0; round < rounds; round++) {
            List<long[][]> given = new ArrayList<>(values.subList(0, before));
            given.add(state);
            state = toAll(body.evaluate(given).getLast()[result]);
          }
          return Collections.singletonList(state);
        });
  }

  // ----------------------------------------------------------------------------------------------

  private Traced below(Tracer tracer, Traced a, Traced b) {
    return tracer
        .pcall(
            "below",
            boxed(everybody()),
            List.of(a, b),
            local -> local.call("below", List.of(Types.tensor(DataType.I1)), local.arguments()))
        .getFirst();
  }

  private Traced added(Tracer tracer, Traced a, Traced b) {
    return tracer
        .pcall(
            "add",
            boxed(everybody()),
            List.of(a, b),
            local -> local.call("add", List.of(type()), local.arguments()))
        .getFirst();
  }

  private Traced toAll(Tracer tracer, Traced value, int from) {
    Map<Integer, Integer> routing = new HashMap<>();
    IntStream.range(0, world).forEach(party -> routing.put(party, from));
    return tracer.shuffle(value, routing);
  }

  private long[][] toAll(long[] values) {
    var parts = new long[world][];
    Arrays.fill(parts, values);
    return parts;
  }

  private int[] everybody() {
    return IntStream.range(0, world).toArray();
  }

  private static List<Integer> boxed(int[] parties) {
    return Arrays.stream(parties).boxed().toList();
  }

  private static Type type() {
    return Types.tensor(DataType.I64, LENGTH);
  }

  private long[][] at(List<Integer> parties, IntFunction<long[]> part) {
    var parts = new long[world][];
    parties.forEach(party -> parts[party] = part.apply(party));
    return parts;
  }

  private static Step step(
      BiFunction<Tracer, List<Traced>, List<Traced>> tracing,
      Function<List<long[][]>, List<long[][]>> evaluation) {
    return new Step() {
      @Override
      public List<Traced> trace(Tracer tracer, List<Traced> values) {
        return tracing.apply(tracer, values);
      }

      @Override
      public List<long[][]> evaluate(List<long[][]> values) {
        return evaluation.apply(values);
      }
    };
  }
}
