package org.hawser.simp.serde;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.spu.DataType;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Tensor;

/** Values to write and read, and whether they are the same afterwards. */
final class Values {
  private static final Type F32 = new Type.FloatType(32);
  private static final Type TENSOR = new Type.TensorType(F32, List.of(2L, Type.TensorType.DYNAMIC));

  private Values() {}

  /** One of each kind or more, without shares, which take libspu. */
  static List<Object> ofEveryKind() {
    List<Object> values = new ArrayList<>();
    values.add(null);
    values.addAll(plain());
    values.addAll(tensors());
    values.addAll(types());
    values.add(new Table(new byte[] {1, 2, 3}));
    values.add(new PaTable(new Table(new byte[0])));
    values.add(Tuple.of(1L, null, Tuple.of()));
    values.add(Arrays.asList("a", null, List.of()));
    values.add(Map.of("x", 1L, "", List.of(true)));
    values.add(Map.of());
    values.add(pairs());
    values.add(SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18));
    values.add(
        new SpuConfig(
            Protocol.ABY3,
            Field.FM128,
            26,
            true,
            false,
            true,
            false,
            Map.of("recv_timeout_ms", 5L, "brpc_channel_protocol", "http")));
    values.add(graph());
    return values;
  }

  private static List<Object> plain() {
    return List.of(
        true,
        false,
        0L,
        Long.MIN_VALUE,
        new java.math.BigInteger("-123456789012345678901234567890"),
        1.5,
        -0.0,
        Double.NaN,
        Double.NEGATIVE_INFINITY,
        Double.MIN_VALUE,
        "",
        "h\u00e4wser \u0000\"\\ \ud83d\udea2",
        new byte[0],
        new byte[] {0, -1, 2});
  }

  private static List<Object> tensors() {
    List<Object> tensors = new ArrayList<>();
    for (DataType type : DataType.values()) {
      tensors.add(Tensor.of(type, new long[] {1, 0, 1, 1, 0, 0}, 2, 3));
    }
    Tensor scalar = Tensor.of(new double[] {2.5});
    tensors.add(scalar);
    tensors.add(Tensor.zeros(DataType.I64, 3, 0));
    tensors.add(new NdArray(scalar));
    var objects = new ObjectTensor(List.of(2L, 1L), Arrays.asList(scalar, null));
    tensors.add(objects);
    tensors.add(new ObjectNdArray(objects));
    return tensors;
  }

  static List<Type> types() {
    return List.of(
        F32,
        new Type.IntegerType(1, false),
        new Type.ComplexType(new Type.FloatType(64)),
        TENSOR,
        new Type.TensorType(F32, List.of()),
        new Type.VectorType(new Type.IntegerType(64, true), 4096),
        new Type.TableType(
            List.of(
                new Type.TableType.Column("z", F32),
                new Type.TableType.Column("a", new Type.CustomType("string"))),
            Type.TableType.UNKNOWN_ROWS),
        new Type.TableType(List.of(), 7),
        new Type.SSType(TENSOR, "ss"),
        new Type.MPType(TENSOR, List.of(0, 2)),
        new Type.MPType(TENSOR, null),
        Type.CustomType.ANY,
        new Type.ForeignType("tee.QuoteType", Map.of()),
        new Type.ForeignType("crypto.PointType", Map.of("curve", "secp256k1")),
        new Type.ForeignType(
            "bfv.KeyType", Map.of("kind", "PublicKey", "poly_modulus_degree", 4096L)),
        new Type.ForeignType(
            "bfv.PlaintextType",
            Map.of("vector_type", new Type.VectorType(new Type.IntegerType(64, true), 4096))));
  }

  private static Map<Object, Object> pairs() {
    Map<Object, Object> map = new LinkedHashMap<>();
    map.put(0L, 1L);
    map.put(Tuple.of("a", 2L), null);
    map.put("text", new byte[] {7});
    return map;
  }

  /** Two levels, several outputs, attributes of several kinds, names that nobody would choose. */
  static Graph graph() {
    Graph.Builder body = Graph.builder();
    Value inner = body.input("%7", TENSOR);
    List<Value> halves =
        body.op(
            "split",
            "tensor.unheard_of",
            List.of(inner),
            List.of("left", "right"),
            List.of(TENSOR, F32),
            Map.of("axis", 1L),
            List.of());
    Graph region = body.output(halves.get(1)).output(inner).build();
    Graph.Builder outer = Graph.builder();
    Value x = outer.input("x", new Type.MPType(TENSOR, List.of(0)));
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("parties", List.of(0L));
    attributes.put("fn_name", null);
    attributes.put("executable", new byte[] {1, 2});
    List<Value> made =
        outer.op(
            "simp.pcall_static",
            List.of(x),
            List.of(F32, Type.CustomType.ANY),
            attributes,
            List.of(region));
    outer.op("simp.nothing", made, List.of(), Map.of());
    return outer.output(made.get(1)).output(x).output(x).build();
  }

  /** Any value, not deeper than {@code depth}. */
  static Object random(Random random, int depth) {
    List<Object> leaves = ofEveryKind();
    int items = random.nextInt(4);
    return switch (depth == 0 ? 0 : random.nextInt(6)) {
      case 1 -> listOf(random, depth, items);
      case 2 -> new Tuple(listOf(random, depth, items));
      case 3 -> mapOf(random, depth, items);
      case 4 ->
          new ObjectNdArray(new ObjectTensor(List.of((long) items), listOf(random, depth, items)));
      case 5 -> new ObjectTensor(List.of((long) items), listOf(random, depth, items));
      default -> leaves.get(random.nextInt(leaves.size()));
    };
  }

  private static List<Object> listOf(Random random, int depth, int items) {
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      list.add(random(random, depth - 1));
    }
    return list;
  }

  private static Map<Object, Object> mapOf(Random random, int depth, int items) {
    boolean named = random.nextBoolean();
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < items; i++) {
      map.put(named ? "key" + i : (Object) (long) i, random(random, depth - 1));
    }
    return map;
  }

  /** Whether two values say the same, arrays of bytes, graphs and all. */
  static boolean same(Object a, Object b) {
    if (a instanceof byte[] bytes) {
      return b instanceof byte[] others && Arrays.equals(bytes, others);
    }
    if (a instanceof Graph graph) {
      return b instanceof Graph other && sameGraph(graph, other);
    }
    if (a instanceof List<?> list) {
      return b instanceof List<?> others && sameAll(list, others);
    }
    if (a instanceof Map<?, ?> map) {
      return b instanceof Map<?, ?> other
          && map.keySet().equals(other.keySet())
          && map.keySet().stream().allMatch(key -> same(map.get(key), other.get(key)));
    }
    return switch (a) {
      case null -> b == null;
      case Tuple tuple -> b instanceof Tuple other && sameAll(tuple.items(), other.items());
      case ObjectTensor tensor ->
          b instanceof ObjectTensor other
              && tensor.shape().equals(other.shape())
              && sameAll(tensor.items(), other.items());
      case ObjectNdArray array ->
          b instanceof ObjectNdArray other && same(array.tensor(), other.tensor());
      default -> a.equals(b);
    };
  }

  private static boolean sameAll(List<?> a, List<?> b) {
    Iterator<?> others = b.iterator();
    return a.size() == b.size() && a.stream().allMatch(item -> same(item, others.next()));
  }

  private static boolean sameGraph(Graph a, Graph b) {
    boolean same =
        a.inputs().equals(b.inputs())
            && a.outputs().equals(b.outputs())
            && a.operations().size() == b.operations().size();
    for (int i = 0; same && i < a.operations().size(); i++) {
      var mine = a.operations().get(i);
      var other = b.operations().get(i);
      same =
          mine.opcode().equals(other.opcode())
              && mine.name().equals(other.name())
              && mine.inputs().equals(other.inputs())
              && mine.outputs().equals(other.outputs())
              && same(mine.attributes(), other.attributes())
              && sameAll(mine.regions(), other.regions());
    }
    return same;
  }
}
