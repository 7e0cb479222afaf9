package org.hawser.simp.trace;

import static org.hawser.simp.trace.Types.invalid;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.Program;

/**
 * Follows a program over many parties, and makes its graph. Each method stands for something that
 * happens when the program runs; none of them sees data. Regions of {@link #uniformCond} and {@link
 * #whileLoop} have tracers of their own, and may use the values of the program around them.
 *
 * <p>One thread uses it, and only while its program is being traced. What cannot be is a {@link
 * HawserException} (INVALID_ARGUMENT) that names the value.
 */
public final class Tracer {
  private final Tracer outer;
  private final Graph.Builder graph = Graph.builder();
  private final Captures.Region region;
  private final Map<String, Value> inputs = new LinkedHashMap<>();
  private final Map<String, Value> outputs = new LinkedHashMap<>();
  private Tracer inner;

  private Tracer(Tracer outer, Captures captures) {
    this.outer = outer;
    this.region = captures == null ? null : captures.region(graph);
  }

  /**
   * Follows a program.
   *
   * @param name for people
   */
  public static TracedProgram trace(String name, SimpProgram program) {
    var tracer = new Tracer(null, null);
    program.define(tracer);
    tracer.outputs.values().forEach(tracer.graph::output);
    return new TracedProgram(
        name,
        tracer.graph.build(),
        List.copyOf(tracer.inputs.keySet()),
        List.copyOf(tracer.outputs.keySet()));
  }

  // ----------------------------------------------------------------------------------------------
  // in and out

  /**
   * A value that the program is given when it runs; the program itself takes it, not a region.
   *
   * @param parties who has a part of it
   */
  public Traced input(String name, Type type, Integer... parties) {
    requireOutermost("input " + name);
    if (inputs.containsKey(name)) {
      throw invalid("there are two inputs '%s'".formatted(name));
    }
    Value value = graph.input(name, at(type, List.of(parties)));
    inputs.put(name, value);
    return new Traced(this, value);
  }

  /** A result, which stays at its parties until it is fetched. */
  public void output(String name, Traced value) {
    requireOutermost("output " + name);
    if (outputs.putIfAbsent(name, use(value)) != null) {
      throw invalid("there are two outputs '%s'".formatted(name));
    }
  }

  private void requireOutermost(String what) {
    if (outer != null) {
      throw invalid("%s belongs to the program, not to one of its regions".formatted(what));
    }
  }

  /** A tensor that is part of the program: whoever runs the program sees it. */
  public Traced constant(int party, Tensor tensor) {
    return constant(List.of(party), tensor);
  }

  /** A number that is part of the program: a scalar of I64. */
  public Traced constant(int party, long value) {
    return constant(party, Tensor.of(new long[] {value}));
  }

  /** A number that is part of the program: a scalar of F64. */
  public Traced constant(int party, double value) {
    return constant(party, Tensor.of(new double[] {value}));
  }

  /** A tensor that is part of the program, at several parties. */
  public Traced constant(List<Integer> parties, Tensor tensor) {
    return pcall("constant", parties, List.of(), local -> List.of(local.constant(tensor)))
        .getFirst();
  }

  // ----------------------------------------------------------------------------------------------
  // at parties

  /**
   * Runs something at some parties, each on its own parts of the arguments.
   *
   * @param name for people
   * @param arguments all of them at all the parties
   * @param body what is run; gets the arguments as {@link LocalTracer#argument} has them
   * @return one a result of the body
   */
  public List<Traced> pcall(
      String name,
      List<Integer> parties,
      List<Traced> arguments,
      Function<LocalTracer, List<Local>> body) {
    for (Traced argument : arguments) {
      if (!argument.mayBeAt(parties)) {
        throw invalid(
            "%s: %s is not at all of %s: move it there".formatted(name, argument, parties));
      }
    }
    Graph local = LocalTracer.trace(arguments, body);
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("fn_name", name);
    attributes.put("parties", longs(parties));
    return add("simp.pcall_static", arguments, typesAt(local, parties), attributes, List.of(local));
  }

  /**
   * Runs something at all parties, whoever they are when the program runs: those without a part of
   * the arguments too. Who has a part of the results only the run will tell.
   */
  public List<Traced> pcallDynamic(
      String name, List<Traced> arguments, Function<LocalTracer, List<Local>> body) {
    Graph local = LocalTracer.trace(arguments, body);
    List<Type> types =
        local.outputs().stream().<Type>map(value -> new Type.MPType(value.type(), null)).toList();
    return add("simp.pcall_dynamic", arguments, types, Map.of("fn_name", name), List.of(local));
  }

  /**
   * Calls a Java function that the party's worker has registered.
   *
   * @param function its name there
   * @param result what it returns
   */
  public Traced call(int party, String function, Type result, Traced... arguments) {
    return pcall(
            function,
            List.of(party),
            List.of(arguments),
            local -> local.call(function, List.of(result), local.arguments()))
        .getFirst();
  }

  /** Runs a StableHLO program at one party, in the clear. */
  public List<Traced> run(int party, Program program, Traced... arguments) {
    return pcall(
        program.name(),
        List.of(party),
        List.of(arguments),
        local -> local.run(program, local.arguments()));
  }

  private static List<Type> typesAt(Graph local, List<Integer> parties) {
    return local.outputs().stream().<Type>map(value -> at(value.type(), parties)).toList();
  }

  // ----------------------------------------------------------------------------------------------
  // between parties

  /**
   * Moves a value.
   *
   * @param routing who gets it, each from whom
   */
  public Traced shuffle(Traced value, Map<Integer, Integer> routing) {
    routing.forEach(
        (target, source) -> {
          if (!value.mayBeAt(List.of(source))) {
            throw invalid("party %d cannot get %s from party %d".formatted(target, value, source));
          }
        });
    Map<Long, Long> routes = new LinkedHashMap<>();
    routing.forEach((target, source) -> routes.put((long) target, (long) source));
    Type type = at(value.type(), new TreeSet<>(routing.keySet()).stream().toList());
    return add("simp.shuffle", List.of(value), List.of(type), Map.of("routing", routes), List.of())
        .getFirst();
  }

  /** Moves a value from the only party that has it; nothing happens when that is the target. */
  public Traced move(Traced value, int to) {
    if (value.parties().size() != 1) {
      throw invalid("%s is not at one party: say from whom with shuffle".formatted(value));
    }
    int from = value.parties().getFirst();
    return from == to ? value : shuffle(value, Map.of(to, from));
  }

  /** One party's part of a value. */
  Traced part(Traced value, int party) {
    return pcall("part", List.of(party), List.of(value), LocalTracer::arguments).getFirst();
  }

  /** One value of several of one type, no two of which have a party in common. */
  public Traced converge(List<Traced> values) {
    if (values.isEmpty()) {
      throw invalid("there is nothing to converge");
    }
    Type type = values.getFirst().type();
    var parties = new TreeSet<Integer>();
    for (Traced value : values) {
      if (!value.type().equals(type)) {
        throw invalid("%s and %s cannot converge".formatted(values.getFirst(), value));
      }
      if (value.parties().isEmpty()) {
        throw invalid("%s cannot converge: only the run will tell who has it".formatted(value));
      }
      for (int party : value.parties()) {
        if (!parties.add(party)) {
          throw invalid("%s and one before it both have a part at %d".formatted(value, party));
        }
      }
    }
    Type merged = at(type, parties.stream().toList());
    return add("simp.converge", values, List.of(merged), Map.of(), List.of()).getFirst();
  }

  // ----------------------------------------------------------------------------------------------
  // control

  /**
   * Does one of two things, at all parties the same: the parties make sure that they agree.
   *
   * @param predicate a truth value that all parties of the program have
   * @param then returns as many values as {@code otherwise}, of the same types
   */
  public List<Traced> uniformCond(
      Traced predicate,
      Function<Tracer, List<Traced>> then,
      Function<Tracer, List<Traced>> otherwise) {
    var captures = new Captures();
    List<Traced> yes = inRegion(captures, then);
    List<Traced> no = inRegion(captures, otherwise);
    if (!alike(yes, no)) {
      throw invalid("the branches return different values: %s and %s".formatted(yes, no));
    }
    requirePredicate(predicate, Stream.concat(yes.stream(), captures.captured().stream()));
    List<Traced> results =
        add(
            "simp.uniform_cond",
            Stream.concat(Stream.of(predicate), captures.captured().stream()).toList(),
            types(yes),
            Map.of("verify_uniform", true),
            captures.build());
    return sharedLike(yes, results);
  }

  private List<Traced> inRegion(Captures captures, Function<Tracer, List<Traced>> body) {
    requireNoRegion();
    var tracer = new Tracer(this, captures);
    inner = tracer;
    try {
      List<Traced> results = body.apply(tracer);
      results.forEach(result -> tracer.graph.output(tracer.use(result)));
      return results;
    } finally {
      inner = null;
    }
  }

  /** Everybody who does what depends on it must have it. */
  private static void requirePredicate(Traced predicate, Stream<Traced> participants) {
    if (!(predicate.type() instanceof Type.TensorType tensor) || !tensor.shape().isEmpty()) {
      throw invalid("%s is no truth value: a predicate is a scalar".formatted(predicate));
    }
    participants
        .filter(value -> !predicate.mayBeAt(value.parties()))
        .findFirst()
        .ifPresent(
            value -> {
              throw invalid(
                  "the predicate %s is not at all parties of %s".formatted(predicate, value));
            });
  }

  /**
   * Does something again and again on its own results.
   *
   * @param state what the first round begins with
   * @param condition whether there is another round: a truth value that all parties have alike
   * @param body the state after a round, of the same types
   * @return the state after the last round
   */
  public List<Traced> whileLoop(
      List<Traced> state,
      BiFunction<Tracer, List<Traced>, Traced> condition,
      BiFunction<Tracer, List<Traced>, List<Traced>> body) {
    if (state.isEmpty()) {
      throw invalid("a loop without state would never end");
    }
    var captures = new Captures();
    Traced predicate =
        inRegion(captures, tracer -> List.of(condition.apply(tracer, tracer.stateLike(state))))
            .getFirst();
    List<Traced> next = inRegion(captures, tracer -> body.apply(tracer, tracer.stateLike(state)));
    if (!alike(next, state)) {
      throw invalid("a round makes %s of %s: their types differ".formatted(next, state));
    }
    requirePredicate(predicate, Stream.concat(state.stream(), captures.captured().stream()));
    List<Traced> results =
        add(
            "simp.while_loop",
            Stream.concat(state.stream(), captures.captured().stream()).toList(),
            types(state),
            Map.of(),
            captures.build());
    return sharedLike(state, results);
  }

  private List<Traced> stateLike(List<Traced> state) {
    return sharedLike(
        state, state.stream().map(each -> new Traced(this, region.input(each))).toList());
  }

  private static List<Traced> sharedLike(List<Traced> models, List<Traced> values) {
    List<Traced> shared = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      shared.add(values.get(i).shared(models.get(i).sharing()));
    }
    return List.copyOf(shared);
  }

  private static boolean alike(List<Traced> some, List<Traced> others) {
    return types(some).equals(types(others)) && sharings(some).equals(sharings(others));
  }

  private static List<SpuDevice.Sharing> sharings(List<Traced> values) {
    return values.stream().map(Traced::sharing).toList();
  }

  // ----------------------------------------------------------------------------------------------
  // devices

  /** One party as a device: what it is given comes there by itself. */
  public Party party(int rank) {
    return new Party(this, rank);
  }

  /**
   * A secure device among some parties.
   *
   * @param parties ascending, as many as the protocol takes
   */
  public SpuDevice spu(SpuConfig config, Integer... parties) {
    return new SpuDevice(this, new SpuDevice.Sharing(config, ascending(List.of(parties))));
  }

  /** Of the region that is being traced right now, else this one. */
  Tracer innermost() {
    return inner == null ? this : inner.innermost();
  }

  private void requireNoRegion() {
    if (inner != null) {
      throw invalid("a region is being traced: use the tracer that it was given");
    }
  }

  // ----------------------------------------------------------------------------------------------

  /** Adds an operation, whose outputs are at parties. */
  private List<Traced> add(
      String opcode,
      List<Traced> operands,
      List<Type> types,
      Map<String, Object> attributes,
      List<Graph> regions) {
    requireNoRegion();
    List<Value> used = operands.stream().map(this::use).toList();
    return graph.op(opcode, used, types, attributes, regions).stream()
        .map(value -> new Traced(this, value))
        .toList();
  }

  /** The value in this graph: its own, or an input that stands for one of the program around. */
  private Value use(Traced traced) {
    if (traced.owner() == this) {
      return traced.value();
    }
    if (outer == null) {
      throw invalid("%s is of another program, or of a region of this one".formatted(traced));
    }
    outer.use(traced);
    return region.capture(traced);
  }

  private static List<Type> types(List<Traced> values) {
    return values.stream().<Type>map(Traced::distributed).toList();
  }

  private static Type.MPType at(Type type, List<Integer> parties) {
    return new Type.MPType(type, ascending(parties));
  }

  private static List<Integer> ascending(List<Integer> parties) {
    List<Integer> ranks = parties.stream().sorted().distinct().toList();
    if (!ranks.equals(parties) || parties.isEmpty() || parties.getFirst() < 0) {
      throw invalid("parties are ranks, ascending, each once, and one at least, not " + parties);
    }
    return parties;
  }

  private static List<Long> longs(List<Integer> ranks) {
    return ranks.stream().map(Integer::longValue).toList();
  }
}
