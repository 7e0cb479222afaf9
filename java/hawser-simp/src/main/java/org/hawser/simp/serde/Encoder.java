package org.hawser.simp.serde;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Makes one value's JSON, and gathers what lies outside of it. For one thread. */
final class Encoder {
  /** How deep values may lie in one another, written and read. */
  static final int DEEPEST = 100;

  private final boolean binary;
  private final List<MemorySegment> segments = new ArrayList<>();
  private int depth;

  /**
   * @param binary whether tensors and bytes become segments, rather than base64 in the JSON
   */
  Encoder(boolean binary) {
    this(binary, 0);
  }

  private Encoder(boolean binary, int depth) {
    this.binary = binary;
    this.depth = depth;
  }

  /** The same at this depth, without segments. */
  Encoder withoutSegments() {
    return new Encoder(false, depth);
  }

  boolean binary() {
    return binary;
  }

  ObjectNode encode(Object value) {
    if (++depth > DEEPEST) {
      throw refused("values lie in one another more than %d deep".formatted(DEEPEST));
    }
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    Kinds.all().write(value, new Writing(this, node));
    depth--;
    return node;
  }

  /** Adds a segment, which is not copied, and says where it is among them. */
  int add(MemorySegment segment) {
    segments.add(segment);
    return segments.size() - 1;
  }

  /** In the order in which they were added. */
  List<MemorySegment> segments() {
    return segments;
  }

  static HawserException refused(String why) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, "this cannot be sent: " + why);
  }
}
