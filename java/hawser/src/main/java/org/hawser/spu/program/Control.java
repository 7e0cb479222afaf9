package org.hawser.spu.program;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.hawser.spu.DataType;

/** Operations that run lambdas: sorting and loops. */
final class Control {
  private Control() {}

  static List<Value> sort(
      List<Value> values, int dimension, BiFunction<List<Value>, List<Value>, Value> isBefore) {
    Value first = values.getFirst();
    Shaping.requireOneShape("sort", values);
    Shaping.requireDistinct("sort", first, first.rank(), dimension);
    var parameters = new ArrayList<TensorType>();
    for (Value value : values) {
      parameters.add(value.tensorType().scalar());
      parameters.add(value.tensorType().scalar());
    }
    Region comparator =
        first
            .emitter()
            .within(
                "sort",
                Region.Kind.COMPARATOR,
                parameters,
                List.of(new TensorType(DataType.I1)),
                pairs -> List.of(isBefore.apply(every(2, 0, pairs), every(2, 1, pairs))));
    return first
        .emitter()
        .emit(
            "sort",
            values,
            " <{dimension = " + dimension + " : i64, is_stable = false}>",
            List.of(comparator),
            Emitter.typesOf(values));
  }

  static List<Value> loop(
      List<Value> state, Function<List<Value>, Value> condition, UnaryOperator<List<Value>> body) {
    Emitter emitter = state.getFirst().emitter();
    List<TensorType> types = Emitter.typesOf(state);
    Region test =
        emitter.within(
            "loop's condition",
            Region.Kind.LOOP,
            types,
            List.of(new TensorType(DataType.I1)),
            condition.andThen(List::of));
    Region step = emitter.within("loop", Region.Kind.LOOP, types, types, body);
    return emitter.emit("while", state, "", List.of(test, step), types);
  }

  private static List<Value> every(int step, int first, List<Value> values) {
    return IntStream.range(0, values.size() / step)
        .mapToObj(i -> values.get(i * step + first))
        .toList();
  }
}
