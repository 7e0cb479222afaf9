package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * One place in JSON that is being read, which knows where it lies. All that it finds wrong is
 * INVALID_ARGUMENT, and says where.
 */
final class Reading {
  /** All that {@link Encoder} writes can be read: of each value at most three places are nested. */
  private static final int DEEPEST = 3 * Encoder.DEEPEST;

  private final JsonNode node;
  private final List<MemorySegment> segments;
  private final Reading parent;
  private final String field;
  private final int index;
  private final String alias;
  private final int depth;

  private Reading(
      JsonNode node,
      List<MemorySegment> segments,
      Reading parent,
      String field,
      int index,
      String alias) {
    this.node = node;
    this.segments = segments;
    this.parent = parent;
    this.field = field;
    this.index = index;
    this.alias = alias;
    depth = parent == null ? 0 : parent.depth + 1;
  }

  static Reading of(JsonNode json) {
    return of(json, List.of());
  }

  /**
   * @param segments what the JSON refers to by their places
   */
  static Reading of(JsonNode json, List<MemorySegment> segments) {
    return new Reading(json, segments, null, "$", -1, "");
  }

  JsonNode node() {
    return node;
  }

  /** A place below this one. */
  Reading at(String name, JsonNode child) {
    return at(name, -1, child);
  }

  /** A place in an array below this one. */
  Reading at(String name, int place, JsonNode child) {
    return new Reading(child, segments, this, name, place, "");
  }

  /** The same place, by a name that says more to people. */
  Reading alsoCalled(String name) {
    return new Reading(node, segments, parent, field, index, name);
  }

  /** The value that lies here. */
  Object decode() {
    if (depth > DEEPEST) {
      throw malformed("values lie in one another too deep");
    }
    return Kinds.all().read(this);
  }

  boolean has(String name) {
    return node.has(name);
  }

  /** Of the fields of the object that lies here, in their order. */
  List<String> names() {
    List<String> names = new ArrayList<>(node.size());
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  JsonNode field(String name) {
    if (!node.isObject()) {
      throw malformed("there must be an object");
    }
    JsonNode found = node.get(name);
    if (found == null) {
      throw malformed("'%s' is missing".formatted(Names.shown(name)));
    }
    return found;
  }

  String text(String name) {
    return required(name, "a text", JsonNode::isTextual).textValue();
  }

  boolean truth(String name) {
    return required(name, "true or false", JsonNode::isBoolean).booleanValue();
  }

  double number(String name) {
    return required(name, "a number", JsonNode::isNumber).doubleValue();
  }

  long integer(String name) {
    return required(name, "an integer of 64 bits", Reading::isLong).longValue();
  }

  int int32(String name) {
    return required(
            name, "an integer of 32 bits", child -> isLong(child) && child.canConvertToInt())
        .intValue();
  }

  /** A text, or an integer as a {@link Long}. */
  Object scalar(String name) {
    return field(name).isTextual() ? (Object) text(name) : integer(name);
  }

  <E extends Enum<E>> E constant(String name, Class<E> type) {
    String text = text(name);
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.name().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                malformed(
                    "'%s' must be one of %s, not '%s'"
                        .formatted(
                            name, Arrays.toString(type.getEnumConstants()), Names.shown(text))));
  }

  JsonNode array(String name) {
    return required(name, "an array", JsonNode::isArray);
  }

  Reading object(String name) {
    return at(name, required(name, "an object", JsonNode::isObject));
  }

  List<Reading> objects(String name) {
    return each(name, Function.identity());
  }

  Object value(String name) {
    return at(name, field(name)).decode();
  }

  <T> T value(String name, Class<T> type) {
    return at(name, field(name)).decode(type);
  }

  /** Cannot be changed; its items may be null. */
  List<Object> values(String name) {
    return Collections.unmodifiableList(each(name, Reading::decode));
  }

  <T> List<T> values(String name, Class<T> type) {
    return each(name, item -> item.decode(type));
  }

  /** Cannot be changed; its values may be null. */
  Map<String, Object> valuesByName(String name) {
    Reading object = object(name);
    Map<String, Object> values = new LinkedHashMap<>();
    object.names().forEach(key -> values.put(key, object.value(key)));
    return Collections.unmodifiableMap(values);
  }

  List<String> texts(String name) {
    return each(name, item -> item.is("a text", JsonNode::isTextual).textValue());
  }

  List<Long> integers(String name) {
    return each(name, item -> item.is("an integer of 64 bits", Reading::isLong).longValue());
  }

  byte[] base64(String name) {
    return at(name, field(name)).base64();
  }

  List<byte[]> base64s(String name) {
    return each(name, Reading::base64);
  }

  private byte[] base64() {
    try {
      return node.isBinary()
          ? node.binaryValue()
          : Base64.getDecoder().decode(is("a text", JsonNode::isTextual).textValue());
    } catch (IllegalArgumentException | IOException e) {
      throw malformed("there must be base64: " + e.getMessage());
    }
  }

  /** The segment whose place a field says; a view of what is read. */
  MemorySegment segment(String name) {
    long place = integer(name);
    if (place < 0 || place >= segments.size()) {
      throw malformed(
          "'%s' names segment %d, of %d that there are".formatted(name, place, segments.size()));
    }
    return segments.get((int) place);
  }

  /** A copy of such a segment. */
  byte[] bytesOf(String name) {
    MemorySegment segment = segment(name);
    if (segment.byteSize() > Integer.MAX_VALUE - 8) {
      throw malformed("%d bytes are too many for bytes".formatted(segment.byteSize()));
    }
    return segment.toArray(JAVA_BYTE);
  }

  /**
   * What is made of what was read before: what is wrong with that is said with this place.
   *
   * @param made reads nothing itself
   */
  <T> T valid(Supplier<T> made) {
    try {
      return made.get();
    } catch (HawserException e) {
      throw malformed(e.getMessage());
    }
  }

  HawserException malformed(String what) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, "%s: %s".formatted(path(), what));
  }

  private <T> T decode(Class<T> type) {
    Object value = decode();
    if (!type.isInstance(value)) {
      throw malformed("there must be a %s".formatted(type.getSimpleName()));
    }
    return type.cast(value);
  }

  private <T> List<T> each(String name, Function<Reading, T> read) {
    JsonNode array = array(name);
    List<T> values = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      values.add(read.apply(at(name, i, array.get(i))));
    }
    return values;
  }

  private JsonNode required(String name, String what, Predicate<JsonNode> is) {
    JsonNode child = field(name);
    if (!is.test(child)) {
      throw malformed("'%s' must be %s".formatted(Names.shown(name), what));
    }
    return child;
  }

  private JsonNode is(String what, Predicate<JsonNode> is) {
    if (!is.test(node)) {
      throw malformed("there must be %s".formatted(what));
    }
    return node;
  }

  private static boolean isLong(JsonNode child) {
    return child.isIntegralNumber() && child.canConvertToLong();
  }

  private String path() {
    String here = Names.shown(field);
    if (index >= 0) {
      here += "[%d]".formatted(index);
    }
    if (!alias.isEmpty()) {
      here += " (%s)".formatted(Names.shown(alias));
    }
    return parent == null ? here : parent.path() + "." + here;
  }
}
