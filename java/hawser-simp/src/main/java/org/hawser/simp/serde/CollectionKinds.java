package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lists, tuples and dictionaries. */
final class CollectionKinds {
  private CollectionKinds() {}

  static void register(Kinds kinds) {
    kinds
        .reader("_list", in -> in.values("items"))
        .reader("_tuple", in -> new Tuple(in.values("items")))
        .reader("_dict", in -> in.valuesByName("items"))
        .reader("_dict_pairs", CollectionKinds::pairs);
    kinds
        .writer(List.class, (value, out) -> out.kind("_list").values("items", value))
        .writer(Tuple.class, (value, out) -> out.kind("_tuple").values("items", value.items()))
        .writer(Map.class, CollectionKinds::write);
  }

  private static void write(Map<?, ?> map, Writing out) {
    if (map.keySet().stream().allMatch(String.class::isInstance)) {
      out.kind("_dict").valuesByName("items", map);
    } else {
      out.kind("_dict_pairs").pairs("pairs", map);
    }
  }

  private static Map<Object, Object> pairs(Reading in) {
    Map<Object, Object> map = new LinkedHashMap<>();
    JsonNode pairs = in.array("pairs");
    for (int i = 0; i < pairs.size(); i++) {
      Reading pair = in.at("pairs", i, pairs.get(i));
      if (!pair.node().isArray() || pair.node().size() != 2) {
        throw pair.malformed("a pair must be an array of key and value");
      }
      Object key = pair.at("key", pair.node().get(0)).decode();
      if (!isKey(key)) {
        throw pair.malformed("a key must be a plain value, or a tuple of such");
      }
      if (map.containsKey(key)) {
        throw pair.malformed("its key is there twice");
      }
      map.put(key, pair.at("value", pair.node().get(1)).decode());
    }
    return Collections.unmodifiableMap(map);
  }

  /** What is equal when it says the same: in Java, arrays of bytes are not. */
  private static boolean isKey(Object key) {
    return switch (key) {
      case null -> true;
      case Boolean _, Long _, BigInteger _, Double _, String _ -> true;
      case Tuple tuple -> tuple.items().stream().allMatch(CollectionKinds::isKey);
      default -> false;
    };
  }
}
