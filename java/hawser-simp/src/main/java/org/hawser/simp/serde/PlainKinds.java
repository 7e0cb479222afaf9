package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;

/** Nothing, truth values, numbers, texts and bytes. */
final class PlainKinds {
  private PlainKinds() {}

  static void register(Kinds kinds) {
    kinds
        .reader("_null", _ -> null)
        .reader("_bool", in -> in.truth("v"))
        .reader("_int", PlainKinds::integer)
        .reader("_float", in -> in.number("v"))
        .reader("_str", in -> in.text("v"))
        .reader("_bytes", in -> in.base64("data"))
        .reader("_bytes_bref", in -> in.bytesOf("bref"));
    kinds
        .writer(Boolean.class, (value, out) -> out.kind("_bool").put("v", value))
        .writer(Long.class, (value, out) -> out.kind("_int").put("v", value))
        .writer(Integer.class, (value, out) -> out.kind("_int").put("v", value))
        .writer(Short.class, (value, out) -> out.kind("_int").put("v", value))
        .writer(Byte.class, (value, out) -> out.kind("_int").put("v", value))
        .writer(BigInteger.class, (value, out) -> out.kind("_int").put("v", value))
        .writer(Double.class, (value, out) -> out.kind("_float").put("v", value))
        .writer(Float.class, (value, out) -> out.kind("_float").put("v", (double) value))
        .writer(String.class, (value, out) -> out.kind("_str").put("v", value))
        .writer(
            byte[].class,
            (value, out) -> out.kind("_bytes", "_bytes_bref").payload("data", "bref", value));
  }

  private static Object integer(Reading in) {
    JsonNode node = in.field("v");
    if (!node.isIntegralNumber()) {
      throw in.malformed("'v' must be an integer");
    }
    return node.canConvertToLong() ? (Object) node.longValue() : node.bigIntegerValue();
  }
}
