package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/** Tensors, those of programs and bare ones, of numbers and of anything. */
final class TensorKinds {
  private static final long ALL_ONES = 0x0101_0101_0101_0101L;
  private static final String VALUE = "tensor_impl.TensorValue";

  private TensorKinds() {}

  static void register(Kinds kinds) {
    kinds
        .reader(VALUE, TensorKinds::value)
        .reader("_ndarray", in -> new NdArray(inBase64(in)))
        .reader("_ndarray_bref", in -> new NdArray(inSegment(in)))
        .reader("_ndarray_object", in -> new ObjectNdArray(objects(in)));
    kinds
        .writer(Tensor.class, TensorKinds::write)
        .writer(NdArray.class, TensorKinds::write)
        .writer(ObjectTensor.class, TensorKinds::write)
        .writer(ObjectNdArray.class, TensorKinds::write);
  }

  private static void write(Tensor tensor, Writing out) {
    out.put("kind", out.binary() ? "numeric_bref" : "numeric");
    numbers(tensor, out);
    out.kind(VALUE);
  }

  private static void write(NdArray array, Writing out) {
    numbers(array.tensor(), out.kind("_ndarray", "_ndarray_bref"));
  }

  private static void write(ObjectTensor tensor, Writing out) {
    objects(tensor, out.put("kind", "object")).kind(VALUE);
  }

  private static void write(ObjectNdArray array, Writing out) {
    objects(array.tensor(), out.kind("_ndarray_object"));
  }

  private static void numbers(Tensor tensor, Writing out) {
    out.put("dtype", NumpyTypes.name(tensor.type()))
        .numbers("shape", Arrays.stream(tensor.shape()).boxed().toList())
        .payload("data", "bref", tensor.data());
  }

  private static Writing objects(ObjectTensor tensor, Writing out) {
    return out.numbers("shape", tensor.shape()).values("items", tensor.items());
  }

  private static Object value(Reading in) {
    String kind = in.has("kind") ? in.text("kind") : "numeric";
    return switch (kind) {
      case "numeric" -> inBase64(in);
      case "numeric_bref" -> inSegment(in);
      case "object" -> objects(in);
      default ->
          throw in.malformed("a tensor of kind '%s' is unknown".formatted(Names.shown(kind)));
    };
  }

  private static ObjectTensor objects(Reading in) {
    List<Long> shape = in.integers("shape");
    List<Object> items = in.values("items");
    return in.valid(() -> new ObjectTensor(shape, items));
  }

  private static Tensor inBase64(Reading in) {
    return numbers(in, MemorySegment.ofArray(in.base64("data")));
  }

  private static Tensor inSegment(Reading in) {
    return numbers(in, in.segment("bref"));
  }

  /** The one copy; nothing is allocated before its size is known to be right. */
  private static Tensor numbers(Reading in, MemorySegment bytes) {
    List<Long> shape = in.integers("shape");
    String dtype = in.text("dtype");
    DataType type = in.valid(() -> NumpyTypes.type(dtype));
    long elements = in.valid(() -> Shapes.elements(shape));
    if (elements > bytes.byteSize() || elements * type.bytes() != bytes.byteSize()) {
      throw in.malformed(
          "%d bytes are no tensor of %s%s".formatted(bytes.byteSize(), dtype, shape));
    }
    Tensor tensor = zeros(type, shape.stream().mapToLong(Long::longValue).toArray());
    tensor.data().copyFrom(bytes);
    if (type == DataType.I1 && !areTruths(tensor.data())) {
      throw in.malformed("a truth value is neither 0 nor 1");
    }
    return tensor;
  }

  /** The heap is fine when memory beside it is not: whoever waits is told, and all else goes on. */
  private static Tensor zeros(DataType type, long[] shape) {
    try {
      return Tensor.zeros(type, shape);
    } catch (OutOfMemoryError e) {
      throw new HawserException(
          ErrorCode.OUT_OF_MEMORY,
          "there is no memory outside the heap for a tensor of %s%s: raise -XX:MaxDirectMemorySize"
              .formatted(type, Arrays.toString(shape)),
          e);
    }
  }

  /** Native code relies on it that no truth value is anything else. */
  private static boolean areTruths(MemorySegment bytes) {
    long words = bytes.byteSize() / Long.BYTES;
    long seen = 0;
    for (long i = 0; i < words; i++) {
      seen |= bytes.get(JAVA_LONG_UNALIGNED, i * Long.BYTES);
    }
    for (long at = words * Long.BYTES; at < bytes.byteSize(); at++) {
      seen |= bytes.get(JAVA_BYTE, at);
    }
    return (seen & ~ALL_ONES) == 0;
  }
}
