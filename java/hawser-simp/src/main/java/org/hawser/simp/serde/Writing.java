package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** One JSON object that is being written: fields stay in the order in which they are put. */
final class Writing {
  private final Encoder encoder;
  private final ObjectNode node;

  Writing(Encoder encoder, ObjectNode node) {
    this.encoder = encoder;
    this.node = node;
  }

  /** Whether {@link #payload} becomes a segment. */
  boolean binary() {
    return encoder.binary();
  }

  /** This object, of which nothing becomes a segment. */
  Writing withoutSegments() {
    return new Writing(encoder.withoutSegments(), node);
  }

  Writing kind(String kind) {
    return put("_kind", kind);
  }

  /**
   * The kind of objects whose payload is base64, and that of objects whose payload is a segment.
   */
  Writing kind(String inText, String inSegment) {
    return kind(binary() ? inSegment : inText);
  }

  Writing put(String field, String text) {
    node.put(field, text);
    return this;
  }

  Writing put(String field, boolean truth) {
    node.put(field, truth);
    return this;
  }

  Writing put(String field, long number) {
    node.put(field, number);
    return this;
  }

  Writing put(String field, double number) {
    node.put(field, number);
    return this;
  }

  Writing put(String field, BigInteger number) {
    node.put(field, number);
    return this;
  }

  Writing putNull(String field) {
    node.putNull(field);
    return this;
  }

  /** A text or an integer, without a kind. */
  Writing scalar(String field, Object scalar) {
    return switch (scalar) {
      case String text -> put(field, text);
      case Number number -> put(field, number.longValue());
      default -> throw Encoder.refused("'%s' is no integer and no text".formatted(field));
    };
  }

  Writing value(String field, Object value) {
    node.set(field, encoder.encode(value));
    return this;
  }

  Writing values(String field, Iterable<?> values) {
    ArrayNode array = node.putArray(field);
    values.forEach(value -> array.add(encoder.encode(value)));
    return this;
  }

  /** A map whose keys are strings. */
  Writing valuesByName(String field, Map<?, ?> values) {
    ObjectNode object = node.putObject(field);
    values.forEach((name, value) -> object.set((String) name, encoder.encode(value)));
    return this;
  }

  Writing pairs(String field, Map<?, ?> values) {
    ArrayNode array = node.putArray(field);
    values.forEach(
        (key, value) -> array.addArray().add(encoder.encode(key)).add(encoder.encode(value)));
    return this;
  }

  /** Objects without a kind. */
  <T> Writing objects(String field, List<T> values, Kinds.Writer<T> writer) {
    ArrayNode array = node.putArray(field);
    values.forEach(value -> writer.write(value, new Writing(encoder, array.addObject())));
    return this;
  }

  /** An object without a kind, whose values are integers and texts. */
  Writing scalarsByName(String field, Map<String, Object> scalars) {
    var object = new Writing(encoder, node.putObject(field));
    scalars.forEach(object::scalar);
    return this;
  }

  Writing texts(String field, List<String> texts) {
    ArrayNode array = node.putArray(field);
    texts.forEach(array::add);
    return this;
  }

  Writing numbers(String field, List<? extends Number> numbers) {
    ArrayNode array = node.putArray(field);
    numbers.forEach(number -> array.add(number.longValue()));
    return this;
  }

  /**
   * Bytes: in base64, or as a segment that is known by its place.
   *
   * @param inText the field of the base64
   * @param inSegment the field of the place
   */
  Writing payload(String inText, String inSegment, MemorySegment bytes) {
    if (binary()) {
      return put(inSegment, encoder.add(bytes));
    }
    return base64(inText, bytes.toArray(JAVA_BYTE));
  }

  Writing payload(String inText, String inSegment, byte[] bytes) {
    if (binary()) {
      return put(inSegment, encoder.add(MemorySegment.ofArray(bytes)));
    }
    return base64(inText, bytes);
  }

  /** Bytes in base64, in either form. */
  Writing base64(String field, byte[] bytes) {
    node.put(field, bytes);
    return this;
  }

  Writing base64s(String field, List<byte[]> many) {
    ArrayNode array = node.putArray(field);
    many.forEach(array::add);
    return this;
  }
}
