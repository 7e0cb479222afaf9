package org.hawser.simp;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.serde.Serde;

/**
 * The forms of what HTTP drivers ask and workers answer: a body is an object of a few named fields,
 * and some of these are values as {@code org.hawser.simp.serde} knows them.
 */
enum WireForm {
  /** Mplang's: an object in JSON, whose values are texts. */
  PACKED("application/json") {
    @Override
    Map<String, Object> fields(MemorySegment body) {
      try {
        Map<String, Object> fields =
            MAPPER.readValue(new ByteBufferBackedInputStream(body.asByteBuffer()), OBJECT);
        if (fields == null) {
          throw malformed("it is null", null);
        }
        return fields;
      } catch (JsonProcessingException e) {
        throw malformed(e.getOriginalMessage(), e);
      } catch (IOException e) {
        throw malformed(e.getMessage(), e);
      }
    }

    @Override
    boolean holds(String name, Object field) {
      return field instanceof String || field instanceof List<?> && name.equals("uris");
    }

    @Override
    Object value(Object field) {
      return Serde.loadsB64(String.valueOf(field));
    }

    @Override
    Object writeGraph(Graph graph) {
      return Serde.dumpsB64(graph);
    }

    @Override
    Object readGraph(Object field) {
      return value(field);
    }

    @Override
    MemorySegment body(Map<String, Object> fields, Arena unused) {
      try {
        return MemorySegment.ofArray(MAPPER.writeValueAsBytes(packed(fields)));
      } catch (JsonProcessingException e) {
        throw new HawserException(ErrorCode.INTERNAL, "cannot write JSON: " + e.getMessage(), e);
      }
    }
  },

  /** Between Hawser's: a binary container. */
  CONTAINER("application/vnd.hawser.container") {
    @Override
    Map<String, Object> fields(MemorySegment body) {
      if (!(Serde.loadsBinary(body) instanceof Map<?, ?> map)) {
        throw malformed("it is no object", null);
      }
      Map<String, Object> fields = new HashMap<>();
      map.forEach((name, field) -> fields.put(String.valueOf(name), field));
      return fields;
    }

    @Override
    boolean holds(String name, Object field) {
      return field != null;
    }

    @Override
    Object value(Object field) {
      return field;
    }

    @Override
    Object writeGraph(Graph graph) {
      try (Arena arena = Arena.ofConfined()) {
        return Serde.dumpsBinary(graph, arena).toArray(ValueLayout.JAVA_BYTE);
      }
    }

    @Override
    Object readGraph(Object field) {
      return field instanceof byte[] bytes ? Serde.loadsBinary(MemorySegment.ofArray(bytes)) : null;
    }

    @Override
    MemorySegment body(Map<String, Object> fields, Arena arena) {
      return Serde.dumpsBinary(fields, arena);
    }
  };

  /** The fields that are values. */
  private static final Set<String> VALUES = Set.of("inputs", "result");

  /** Bodies have a limit already. */
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
              .build());

  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  private final String mediaType;

  WireForm(String mediaType) {
    this.mediaType = mediaType;
  }

  /** What a body or an {@code Accept} of that media type asks for: mplang's unless it is ours. */
  static WireForm of(String mediaType) {
    return CONTAINER.mediaType.equals(mediaType) ? CONTAINER : PACKED;
  }

  String mediaType() {
    return mediaType;
  }

  /**
   * The fields of a body.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it is not of this form
   */
  abstract Map<String, Object> fields(MemorySegment body);

  /** Whether a field has what one of its name can have in this form. */
  abstract boolean holds(String name, Object field);

  /**
   * A field that is a value.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it is none
   */
  abstract Object value(Object field);

  /** A graph as a field of a body: written once for all workers that get it. */
  abstract Object writeGraph(Graph graph);

  /**
   * What {@link #writeGraph} wrote, or something that is no graph.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it cannot be read at all
   */
  abstract Object readGraph(Object field);

  /** A body of fields, in the arena's memory or on the heap. */
  abstract MemorySegment body(Map<String, Object> fields, Arena arena);

  /** Fields as mplang has them. */
  static ObjectNode packed(Map<String, Object> fields) {
    ObjectNode texts = MAPPER.createObjectNode();
    fields.forEach(
        (name, field) ->
            texts.putPOJO(name, VALUES.contains(name) ? Serde.dumpsB64(field) : field));
    return texts;
  }

  private static HawserException malformed(String why, Throwable cause) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "the body cannot be read: " + why, cause);
  }
}
