package org.hawser.simp;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.serde.NdArray;
import org.hawser.simp.serde.Sequences;
import org.hawser.spu.Tensor;

/** The six operations of SIMP, as each party does them. */
public final class SimpOps {
  private static final Object[] NOTHING = {};

  private SimpOps() {}

  /** Lets a worker do them. */
  public static OpRegistry register(OpRegistry registry) {
    return registry
        .register("simp.pcall_static", SimpOps::pcallStatic)
        .register("simp.pcall_dynamic", SimpOps::pcallDynamic)
        .register("simp.shuffle", SimpOps::shuffle)
        .register("simp.shuffle_static", SimpOps::shuffle)
        .register("simp.converge", SimpOps::converge)
        .register("simp.uniform_cond", SimpOps::uniformCond)
        .register("simp.while_loop", SimpOps::whileLoop);
  }

  /** Runs a region at some parties; the others have no part in its results. */
  private static Object[] pcallStatic(Job job, Operation operation, Object[] inputs) {
    int[] parties = ranks(job, Sequences.of(operation, "parties"));
    for (int party : parties) {
      if (party == job.rank()) {
        return job.evaluate(operation.region(0), inputs, parties);
      }
    }
    return new Object[operation.outputs().size()];
  }

  /** Runs a region at all parties, those without a part in its inputs too. */
  private static Object[] pcallDynamic(Job job, Operation operation, Object[] inputs) {
    return job.evaluate(operation.region(0), inputs);
  }

  /** Moves a value between parties: each that is routed to gets its source's. */
  private static Object[] shuffle(Job job, Operation operation, Object[] inputs) {
    requireInputs(operation, inputs, 1);
    Object value = inputs[0];
    if (operation.attributes().get("routing") == null) {
      return new Object[] {value};
    }
    Map<Integer, Integer> sources = routing(job, operation.attribute("routing", Map.class));
    int rank = job.rank();
    Integer source = sources.get(rank);
    boolean swaps = false;
    for (Map.Entry<Integer, Integer> route : sources.entrySet()) {
      int target = route.getKey();
      if (route.getValue() != rank || target == rank) {
        continue;
      }
      if (source != null && source == target) {
        swaps = true;
      } else {
        job.conversation().send(target, value);
      }
    }
    if (source == null) {
      return new Object[1];
    }
    if (source == rank) {
      return new Object[] {value};
    }
    return new Object[] {
      swaps ? job.conversation().exchange(source, value) : job.conversation().receive(source)
    };
  }

  /** Each party's first part of several values, of which it has one at most. */
  private static Object[] converge(Job job, Operation operation, Object[] inputs) {
    for (Object input : inputs) {
      if (input != null) {
        return new Object[] {input};
      }
    }
    return new Object[1];
  }

  /** Runs the first region where the predicate holds, else the second: the same everywhere. */
  private static Object[] uniformCond(Job job, Operation operation, Object[] inputs) {
    if (inputs.length == 0) {
      throw invalid("it has no predicate");
    }
    boolean predicate = truth(inputs[0]);
    if (!Boolean.FALSE.equals(operation.attributes().get("verify_uniform"))) {
      requireUniform(job, operation, predicate);
    }
    Object[] rest = Arrays.copyOfRange(inputs, 1, inputs.length);
    return job.evaluate(operation.region(predicate ? 0 : 1), rest);
  }

  private static void requireUniform(Job job, Operation operation, boolean predicate) {
    int[] parties =
        Sequences.find(operation, "parties")
            .map(given -> ranks(job, given))
            .orElseGet(job::parties);
    var collectives = new Collectives(job, parties);
    boolean all = collectives.all(predicate);
    boolean any = collectives.any(predicate);
    if (all == any) {
      return;
    }
    List<?> values = collectives.gather(predicate);
    Map<Integer, Object> byRank = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      byRank.put(collectives.parties()[i], values.get(i));
    }
    throw invalid(
        "the predicate is not the same at its participants %s, but %s: compute it from what all of"
                .formatted(Arrays.toString(collectives.parties()), byRank)
            + " them know");
  }

  /**
   * Runs the second region on its own results for as long as the first one holds. What comes after
   * the state is handed to both regions unchanged.
   */
  private static Object[] whileLoop(Job job, Operation operation, Object[] inputs) {
    Graph condition = operation.region(0);
    Graph body = operation.region(1);
    int state = operation.outputs().size();
    requireInputs(operation, inputs, state);
    if (body.outputs().size() != state || condition.outputs().size() != 1) {
      throw invalid(
          "its body must return %d values and its condition one, not %d and %d"
              .formatted(state, body.outputs().size(), condition.outputs().size()));
    }
    Object[] values = inputs.clone();
    while (truth(job.evaluate(condition, values)[0])) {
      System.arraycopy(job.evaluate(body, values), 0, values, 0, state);
    }
    return state == 0 ? NOTHING : Arrays.copyOf(values, state);
  }

  /** As mplang has it, a party that has no part says no. */
  private static boolean truth(Object value) {
    return switch (value) {
      case null -> false;
      case Boolean truth -> truth;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case Tensor tensor when tensor.elements() == 1 ->
          tensor.getDouble(new long[tensor.rank()]) != 0;
      case NdArray array -> truth(array.tensor());
      case Tensor tensor -> throw invalid("a predicate is one truth value, not a tensor " + tensor);
      default ->
          throw invalid("a predicate is a truth value, not a " + value.getClass().getSimpleName());
    };
  }

  private static int[] ranks(Job job, List<?> given) {
    int[] ranks = new int[given.size()];
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = rank(job, given.get(i));
    }
    Arrays.sort(ranks);
    return ranks;
  }

  private static Map<Integer, Integer> routing(Job job, Map<?, ?> given) {
    Map<Integer, Integer> sources = new LinkedHashMap<>();
    given.forEach((target, source) -> sources.put(rank(job, target), rank(job, source)));
    return sources;
  }

  private static int rank(Job job, Object given) {
    if (given instanceof Number number
        && number.longValue() >= 0
        && number.longValue() < job.worldSize()) {
      return number.intValue();
    }
    throw invalid("there is no party %s; ranks are 0 to %d".formatted(given, job.worldSize() - 1));
  }

  private static void requireInputs(Operation operation, Object[] inputs, int least) {
    if (inputs.length < least) {
      throw invalid("it takes %d inputs or more, not %d".formatted(least, inputs.length));
    }
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
