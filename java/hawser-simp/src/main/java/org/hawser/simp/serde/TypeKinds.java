package org.hawser.simp.serde;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.simp.ir.Type;

/** The types that graphs give their values. */
final class TypeKinds {
  private static final String INTEGER = "mplang.IntegerType";
  private static final String FLOAT = "mplang.FloatType";
  private static final String COMPLEX = "mplang.ComplexType";
  private static final String TENSOR = "mplang.TensorType";
  private static final String VECTOR = "mplang.VectorType";
  private static final String TABLE = "mplang.TableType";
  private static final String CUSTOM = "mplang.CustomType";
  private static final String SECRET = "mplang.SSType";
  private static final String PARTIES = "mplang.MPType";

  private TypeKinds() {}

  static void register(Kinds kinds) {
    readers(kinds);
    writers(kinds);
  }

  private static void readers(Kinds kinds) {
    kinds
        .reader(INTEGER, TypeKinds::integer)
        .reader(FLOAT, TypeKinds::floating)
        .reader(COMPLEX, in -> new Type.ComplexType(in.value("inner_type", Type.FloatType.class)))
        .reader(TENSOR, TypeKinds::tensor)
        .reader(
            VECTOR,
            in ->
                new Type.VectorType(
                    in.value("element_type", Type.Scalar.class), in.integer("size")))
        .reader(TABLE, TypeKinds::table)
        .reader(CUSTOM, in -> new Type.CustomType(in.text("kind")))
        .reader(
            SECRET,
            in ->
                new Type.SSType(
                    in.value("secret_type", Type.class),
                    in.has("enc_schema") ? in.text("enc_schema") : "ss"))
        .reader(PARTIES, in -> new Type.MPType(in.value("value_type", Type.class), parties(in)));
  }

  private static void writers(Kinds kinds) {
    kinds
        .writer(
            Type.IntegerType.class,
            (type, out) ->
                out.put("bitwidth", type.bitwidth()).put("signed", type.signed()).kind(INTEGER))
        .writer(
            Type.FloatType.class, (type, out) -> out.put("bitwidth", type.bitwidth()).kind(FLOAT))
        .writer(
            Type.ComplexType.class,
            (type, out) -> out.value("inner_type", type.inner()).kind(COMPLEX))
        .writer(
            Type.TensorType.class,
            (type, out) ->
                out.value("element_type", type.element())
                    .numbers("shape", type.shape())
                    .kind(TENSOR))
        .writer(
            Type.VectorType.class,
            (type, out) ->
                out.value("element_type", type.element()).put("size", type.size()).kind(VECTOR))
        .writer(Type.TableType.class, TypeKinds::write)
        .writer(Type.CustomType.class, (type, out) -> out.put("kind", type.kind()).kind(CUSTOM))
        .writer(
            Type.SSType.class,
            (type, out) ->
                out.value("secret_type", type.plain())
                    .put("enc_schema", type.scheme())
                    .kind(SECRET))
        .writer(Type.MPType.class, TypeKinds::write);
  }

  private static Type integer(Reading in) {
    int bits = in.int32("bitwidth");
    boolean signed = in.truth("signed");
    return in.valid(() -> new Type.IntegerType(bits, signed));
  }

  private static Type floating(Reading in) {
    int bits = in.int32("bitwidth");
    return in.valid(() -> new Type.FloatType(bits));
  }

  private static Type tensor(Reading in) {
    Type element = in.value("element_type", Type.class);
    List<Long> shape = in.integers("shape");
    return in.valid(() -> new Type.TensorType(element, shape));
  }

  private static Type table(Reading in) {
    List<Type.TableType.Column> columns = new ArrayList<>();
    Reading schema = in.object("schema");
    for (String name : schema.names()) {
      columns.add(new Type.TableType.Column(name, schema.value(name, Type.class)));
    }
    return new Type.TableType(
        columns, in.has("nrows") ? in.integer("nrows") : Type.TableType.UNKNOWN_ROWS);
  }

  private static void write(Type.TableType type, Writing out) {
    Map<String, Type> schema = new LinkedHashMap<>();
    type.columns().forEach(column -> schema.put(column.name(), column.type()));
    out.valuesByName("schema", schema);
    if (type.rows() != Type.TableType.UNKNOWN_ROWS) {
      out.put("nrows", type.rows());
    }
    out.kind(TABLE);
  }

  private static List<Integer> parties(Reading in) {
    if (in.field("parties").isNull()) {
      return null;
    }
    return in.integers("parties").stream()
        .map(
            party -> {
              if (party < 0 || party > Integer.MAX_VALUE) {
                throw in.malformed("%d is no party's rank".formatted(party));
              }
              return party.intValue();
            })
        .toList();
  }

  private static void write(Type.MPType type, Writing out) {
    out.value("value_type", type.value());
    if (type.parties() == null) {
      out.putNull("parties");
    } else {
      out.numbers("parties", type.parties());
    }
    out.kind(PARTIES);
  }
}
