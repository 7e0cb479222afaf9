package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hawser.simp.ir.Type;

/** The types of mplang's dialects for elliptic curves, homomorphic encryption and enclaves. */
final class ForeignTypes {
  private static final List<String> KINDS =
      List.of(
          "bfv.CiphertextType",
          "bfv.EncoderType",
          "bfv.KeyType",
          "bfv.PlaintextType",
          "crypto.PointType",
          "crypto.PrivateKeyType",
          "crypto.PublicKeyType",
          "crypto.ScalarType",
          "crypto.SymmetricKeyType",
          "tee.AttestedKeyType",
          "tee.MeasurementType",
          "tee.QuoteType");

  private ForeignTypes() {}

  static void register(Kinds kinds) {
    KINDS.forEach(kind -> kinds.reader(kind, in -> read(kind, in)));
    kinds.writer(Type.ForeignType.class, ForeignTypes::write);
  }

  private static Type read(String kind, Reading in) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (String name : in.names()) {
      if (!name.equals("_kind")) {
        fields.put(name, field(in, name));
      }
    }
    return new Type.ForeignType(kind, fields);
  }

  private static Object field(Reading in, String name) {
    JsonNode node = in.field(name);
    if (node.isObject()) {
      return in.value(name, Type.class);
    }
    return node.isBoolean() ? (Object) in.truth(name) : in.scalar(name);
  }

  private static void write(Type.ForeignType type, Writing out) {
    type.fields()
        .forEach(
            (name, field) -> {
              switch (field) {
                case Type inner -> out.value(name, inner);
                case Boolean truth -> out.put(name, truth);
                default -> out.scalar(name, field);
              }
            });
    out.kind(type.kind());
  }
}
