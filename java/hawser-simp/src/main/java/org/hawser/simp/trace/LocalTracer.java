package org.hawser.simp.trace;

import static org.hawser.simp.trace.Types.invalid;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Type.TensorType;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.simp.serde.Tuple;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.Program;

/** Follows what runs at one party, on values that are all there. One thread uses it. */
public final class LocalTracer {
  private final Graph.Builder graph = Graph.builder();
  private final List<Local> arguments = new ArrayList<>();

  private LocalTracer() {}

  /** The graph of a body that gets these arguments. */
  static Graph trace(List<Traced> given, Function<LocalTracer, List<Local>> body) {
    return traceTypes(given.stream().map(Traced::type).toList(), body);
  }

  private static Graph traceTypes(List<Type> given, Function<LocalTracer, List<Local>> body) {
    var tracer = new LocalTracer();
    for (int i = 0; i < given.size(); i++) {
      tracer.arguments.add(new Local(tracer, tracer.graph.input("%arg" + i, given.get(i))));
    }
    body.apply(tracer).forEach(result -> tracer.graph.output(tracer.use(result)));
    return tracer.graph.build();
  }

  /** What it is given, in order. */
  public List<Local> arguments() {
    return List.copyOf(arguments);
  }

  /** One of {@link #arguments}. */
  public Local argument(int index) {
    return arguments.get(index);
  }

  /** A tensor that is part of the program. */
  public Local constant(Tensor tensor) {
    byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
    String text = new String(Base64.getEncoder().encode(bytes), StandardCharsets.ISO_8859_1);
    return one("tensor.constant", List.of(), Types.of(tensor), Map.of("value_b64", text));
  }

  /**
   * Calls a Java function that the worker has registered under this name.
   *
   * @param results what it returns
   */
  public List<Local> call(String function, List<Type> results, List<Local> operands) {
    return add("hawser.call", operands, results, Map.of("name", function), List.of());
  }

  /**
   * Runs a StableHLO program in the clear.
   *
   * @param operands one an input of the program, of its type
   */
  public List<Local> run(Program program, List<Local> operands) {
    requireArguments(program, operands.stream().map(Local::type).toList());
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("ir_type", "stablehlo");
    attributes.put("text_ref", program.name());
    attributes.put("stablehlo_code", program.stablehlo());
    attributes.put("arg_keep_map", null);
    attributes.put("has_dynamic_shape", false);
    return add("tensor.run_jax", operands, results(program), attributes, List.of());
  }

  static void requireArguments(Program program, List<? extends Type> given) {
    List<Program.Variable> wanted = program.inputs();
    if (wanted.size() != given.size()) {
      throw invalid(
          "program %s takes %d inputs, not %d"
              .formatted(program.name(), wanted.size(), given.size()));
    }
    for (int i = 0; i < given.size(); i++) {
      TensorType type = Types.of(wanted.get(i).type());
      if (!Types.fits(given.get(i), type)) {
        throw invalid(
            "program %s: input '%s' is %s, not %s"
                .formatted(program.name(), wanted.get(i).name(), type, given.get(i)));
      }
    }
  }

  static List<Type> results(Program program) {
    return program.outputs().stream().<Type>map(output -> Types.of(output.type())).toList();
  }

  // ----------------------------------------------------------------------------------------------
  // tensors, as numpy has them

  /** The same elements with their dimensions in another order. */
  public Local transpose(Local tensor, long... order) {
    TensorType type = tensorType(tensor);
    boolean permutes =
        Arrays.equals(
            Arrays.stream(order).sorted().toArray(),
            LongStream.range(0, type.shape().size()).toArray());
    if (!permutes) {
      throw invalid(
          "%s is no order of the dimensions of %s".formatted(Arrays.toString(order), tensor));
    }
    List<Long> shape = Arrays.stream(order).mapToObj(axis -> type.shape().get((int) axis)).toList();
    return tensorOp("tensor.transpose", List.of(tensor), shape, Map.of("perm", tuple(order)));
  }

  /** The same elements in another shape. */
  public Local reshape(Local tensor, long... shape) {
    TensorType type = tensorType(tensor);
    boolean isStatic = !type.shape().contains(TensorType.DYNAMIC);
    if (Arrays.stream(shape).anyMatch(extent -> extent < 1)
        || isStatic && product(type.shape()) != product(boxed(shape))) {
      throw invalid("%s cannot take the shape %s".formatted(tensor, Arrays.toString(shape)));
    }
    return tensorOp(
        "tensor.reshape", List.of(tensor), boxed(shape), Map.of("new_shape", tuple(shape)));
  }

  /**
   * A part, from {@code starts} up to {@code ends}.
   *
   * @param starts one a dimension
   * @param ends above the starts, within the tensor
   */
  public Local slice(Local tensor, long[] starts, long[] ends) {
    List<Long> extents = tensorType(tensor).shape();
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < extents.size(); i++) {
      boolean fits = i < starts.length && i < ends.length && 0 <= starts[i] && starts[i] < ends[i];
      if (!fits || extents.get(i) != TensorType.DYNAMIC && ends[i] > extents.get(i)) {
        throw invalid(
            "%s has no part from %s to %s"
                .formatted(tensor, Arrays.toString(starts), Arrays.toString(ends)));
      }
      shape.add(ends[i] - starts[i]);
    }
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("starts", tuple(starts));
    attributes.put("ends", tuple(ends));
    attributes.put("strides", null);
    return tensorOp("tensor.slice", List.of(tensor), shape, attributes);
  }

  /** Tensors one behind the other along one dimension, otherwise of one shape. */
  public Local concat(int axis, List<Local> tensors) {
    List<Long> shape = new ArrayList<>(tensorType(tensors.getFirst()).shape());
    requireAxis(tensors.getFirst(), axis);
    long extent = 0;
    for (Local tensor : tensors) {
      TensorType type = tensorType(tensor);
      List<Long> alike = new ArrayList<>(type.shape());
      if (alike.size() != shape.size()
          || !type.element().equals(tensorType(tensors.getFirst()).element())) {
        throw invalid("%s and %s cannot be joined".formatted(tensors.getFirst(), tensor));
      }
      extent += alike.set(axis, shape.get(axis));
      if (!alike.equals(shape)) {
        throw invalid(
            "%s and %s cannot be joined along %d".formatted(tensors.getFirst(), tensor, axis));
      }
    }
    shape.set(axis, extent);
    return tensorOp("tensor.concat", tensors, shape, Map.of("axis", (long) axis));
  }

  /** What lies at some places along one dimension. */
  public Local gather(Local tensor, Local indices, int axis) {
    requireAxis(tensor, axis);
    List<Long> shape = new ArrayList<>(tensorType(tensor).shape());
    shape.remove(axis);
    shape.addAll(axis, tensorType(indices).shape());
    return tensorOp("tensor.gather", List.of(tensor, indices), shape, Map.of("axis", (long) axis));
  }

  /** The tensor with updates at some places along one dimension. */
  public Local scatter(Local tensor, Local indices, Local updates, int axis) {
    requireAxis(tensor, axis);
    return tensorOp(
        "tensor.scatter",
        List.of(tensor, indices, updates),
        tensorType(tensor).shape(),
        Map.of("axis", (long) axis));
  }

  /**
   * Does something with each element of tensors of one shape; scalars go with every element.
   *
   * @param result what the body makes of elements: a scalar
   */
  public Local elementwise(List<Local> tensors, Function<LocalTracer, Local> body) {
    List<Long> shape =
        tensors.stream()
            .map(tensor -> tensorType(tensor).shape())
            .filter(each -> !each.isEmpty())
            .findFirst()
            .orElse(List.of());
    List<Type> scalars = new ArrayList<>();
    for (Local tensor : tensors) {
      TensorType type = tensorType(tensor);
      if (!type.shape().isEmpty() && !type.shape().equals(shape)) {
        throw invalid("%s has another shape than %s".formatted(tensor, shape));
      }
      scalars.add(type.element());
    }
    Graph region = traceTypes(scalars, local -> List.of(body.apply(local)));
    TensorType made = Types.requireTensor("the body's result", region.outputs().getFirst().type());
    Type type = new TensorType(made.element(), shape);
    return add("tensor.elementwise", tensors, List.of(type), Map.of(), List.of(region)).getFirst();
  }

  // ----------------------------------------------------------------------------------------------
  // for SpuDevice

  List<Local> makeShares(SpuConfig config, Local plain, int count) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("config", config);
    attributes.put("count", (long) count);
    List<Type> shares = new ArrayList<>();
    IntStream.range(0, count).forEach(_ -> shares.add(Types.share(plain.type())));
    return add("spu.makeshares", List.of(plain), shares, attributes, List.of());
  }

  Local reconstruct(SpuConfig config, Type plain) {
    return one("spu.reconstruct", arguments, plain, Map.of("config", config));
  }

  List<Local> execute(SpuConfig config, SpuExecutable executable, List<Type> plainResults) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("config", config);
    attributes.put("executable", executable.code());
    attributes.put("input_names", executable.inputs());
    attributes.put("input_vis", executable.inputs().stream().map(_ -> "secret").toList());
    attributes.put("ir_type", "pphlo");
    attributes.put("output_names", executable.outputs());
    attributes.put("output_vis", executable.outputs().stream().map(_ -> "secret").toList());
    attributes.put("output_types", plainResults);
    List<Type> shares = plainResults.stream().<Type>map(Types::share).toList();
    return add("spu.exec", arguments, shares, attributes, List.of());
  }

  // ----------------------------------------------------------------------------------------------

  private Local tensorOp(
      String opcode, List<Local> operands, List<Long> shape, Map<String, Object> attributes) {
    TensorType type = new TensorType(tensorType(operands.getFirst()).element(), shape);
    return one(opcode, operands, type, attributes);
  }

  private Local one(
      String opcode, List<Local> operands, Type type, Map<String, Object> attributes) {
    return add(opcode, operands, List.of(type), attributes, List.of()).getFirst();
  }

  private List<Local> add(
      String opcode,
      List<Local> operands,
      List<Type> types,
      Map<String, Object> attributes,
      List<Graph> regions) {
    List<Value> used = operands.stream().map(this::use).toList();
    return graph.op(opcode, used, types, attributes, regions).stream()
        .map(value -> new Local(this, value))
        .toList();
  }

  private Value use(Local local) {
    if (local.owner() != this) {
      throw invalid("%s is a value of another part: pass it as an argument".formatted(local));
    }
    return local.value();
  }

  private static TensorType tensorType(Local local) {
    return Types.requireTensor(local, local.type());
  }

  private static void requireAxis(Local tensor, int axis) {
    if (axis < 0 || axis >= tensorType(tensor).shape().size()) {
      throw invalid("%s has no dimension %d".formatted(tensor, axis));
    }
  }

  private static long product(List<Long> extents) {
    return extents.stream().reduce(1L, Math::multiplyExact);
  }

  private static Tuple tuple(long[] values) {
    return new Tuple(List.copyOf(boxed(values)));
  }

  private static List<Long> boxed(long[] values) {
    return Arrays.stream(values).boxed().toList();
  }
}
