package org.hawser.simp.op;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.simp.MemoryStore;
import org.hawser.simp.ObjectStore;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.Programs;
import org.hawser.simp.Worker;
import org.hawser.simp.WorkerInterpreter;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/** A worker without peers, which does single operations. */
final class OneWorker implements AutoCloseable {
  private final ThreadCommunicator communicator = ThreadCommunicator.world(1).getFirst();
  private final WorkerInterpreter interpreter;

  OneWorker(OpRegistry registry) {
    this(registry, new MemoryStore());
  }

  OneWorker(OpRegistry registry, ObjectStore store) {
    interpreter = new WorkerInterpreter(communicator, store, registry, Worker.Options.DEFAULT);
  }

  /** One operation with one output of any type. */
  Object run(String opcode, Map<String, Object> attributes, Object... inputs) {
    return run(opcode, Type.CustomType.ANY, attributes, inputs);
  }

  /** One operation with one output. */
  Object run(String opcode, Type type, Map<String, Object> attributes, Object... inputs) {
    Graph graph =
        Programs.graph(inputs.length, (b, in) -> b.op(opcode, in, List.of(type), attributes));
    return evaluate(graph, inputs).getFirst();
  }

  /** A region on each element of what has a shape. */
  List<Object> elementwise(Graph region, List<Type> types, Object... inputs) {
    Graph.Builder builder = Graph.builder();
    List<Value> given =
        IntStream.range(0, types.size())
            .mapToObj(i -> builder.input("in" + i, types.get(i)))
            .toList();
    List<Type> outputs = region.outputs().stream().map(Value::type).toList();
    builder
        .op("tensor.elementwise", given, outputs, Map.of(), List.of(region))
        .forEach(builder::output);
    return evaluate(builder.build(), inputs);
  }

  List<Object> evaluate(Graph graph, Object... inputs) {
    return interpreter.evaluate(graph, Arrays.asList(inputs), "test");
  }

  @Override
  public void close() {
    interpreter.close();
    communicator.close();
  }
}
