package org.hawser.port;

/**
 * One request to a proxy of one's own. What the fields mean is the handler's affair. Its content
 * may be set anew once it was pushed; one that a handler is given is valid during that call.
 */
public final class Trigger {
  private int kind;
  private int channel;
  private int destination;
  private int source;
  private long destinationOffset;
  private long sourceOffset;
  private long bytes;

  /** All zeros. */
  public Trigger() {}

  /** Sets everything; returns this. */
  public Trigger set(
      int kind,
      int channel,
      int destination,
      int source,
      long destinationOffset,
      long sourceOffset,
      long bytes) {
    this.kind = kind;
    this.channel = channel;
    this.destination = destination;
    this.source = source;
    this.destinationOffset = destinationOffset;
    this.sourceOffset = sourceOffset;
    this.bytes = bytes;
    return this;
  }

  public int kind() {
    return kind;
  }

  public int channel() {
    return channel;
  }

  public int destination() {
    return destination;
  }

  public int source() {
    return source;
  }

  public long destinationOffset() {
    return destinationOffset;
  }

  public long sourceOffset() {
    return sourceOffset;
  }

  public long bytes() {
    return bytes;
  }
}
