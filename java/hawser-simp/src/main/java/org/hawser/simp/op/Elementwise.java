package org.hawser.simp.op;

import static org.hawser.simp.op.Tensors.invalid;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.hawser.simp.Job;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.ir.Type;
import org.hawser.spu.Tensor;

/** A region that is run on each element of some tensors, of one shape; scalars go to all. */
final class Elementwise {
  private static final long[] SCALAR = {};

  private final Object[] inputs;
  // Those whose elements are taken one by one, null for the others.
  private final Tensor[] tensors;
  private long[] shape;
  private long elements;

  private Elementwise(Operation operation, Object[] inputs) {
    this.inputs = inputs;
    this.tensors = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      if (operation.inputs().get(i).type() instanceof Type.TensorType type
          && !type.shape().isEmpty()) {
        add(i, Tensors.input(inputs, i));
      }
    }
  }

  private void add(int index, Tensor tensor) {
    if (shape == null) {
      shape = tensor.shape();
      elements = tensor.elements();
    } else if (!Arrays.equals(shape, tensor.shape())) {
      throw invalid(
          "input %d has the shape %s, those before it %s"
              .formatted(index, Arrays.toString(tensor.shape()), Arrays.toString(shape)));
    }
    tensors[index] = tensor;
  }

  static Object[] run(Job job, Operation operation, Object[] inputs) {
    Graph region = operation.region(0);
    var elementwise = new Elementwise(operation, inputs);
    return elementwise.shape == null
        ? job.evaluate(region, inputs)
        : elementwise.eachOf(job, operation, region);
  }

  private Object[] eachOf(Job job, Operation operation, Graph region) {
    Tensor[] results = new Tensor[operation.outputs().size()];
    for (long i = 0; i < elements; i++) {
      Object[] made = job.evaluate(region, arguments(i));
      for (int output = 0; output < results.length; output++) {
        Tensor element = Tensors.input(made, output);
        if (results[output] == null) {
          results[output] = Tensor.zeros(element.type(), shape);
        }
        put(element, results[output], i);
      }
    }
    for (int output = 0; output < results.length && elements == 0; output++) {
      results[output] =
          Tensor.zeros(Tensors.elements(operation.outputs().get(output).type()), shape);
    }
    return results;
  }

  private Object[] arguments(long index) {
    Object[] arguments = inputs.clone();
    for (int i = 0; i < arguments.length; i++) {
      if (tensors[i] != null) {
        int bytes = tensors[i].type().bytes();
        MemorySegment element = tensors[i].data().asSlice(index * bytes, bytes);
        arguments[i] = Tensor.of(tensors[i].type(), SCALAR, element);
      }
    }
    return arguments;
  }

  private static void put(Tensor element, Tensor result, long index) {
    if (element.elements() != 1 || element.type() != result.type()) {
      throw invalid(
          "element %d has become %s, not one %s".formatted(index, element, result.type()));
    }
    int bytes = result.type().bytes();
    MemorySegment.copy(element.data(), 0, result.data(), index * bytes, bytes);
  }
}
