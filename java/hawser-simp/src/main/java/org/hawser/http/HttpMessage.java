package org.hawser.http;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import org.hawser.comm.Arrival;

/** A message in the memory that its request's body was read to. */
final class HttpMessage extends Arrival {
  private ByteBuf body;
  private final MemorySegment segment;

  /** Owns the body. */
  HttpMessage(ByteBuf body) {
    this.body = body;
    this.segment = Wire.view(body).asReadOnly();
  }

  @Override
  protected void begin() {
    throw new IllegalStateException("it is there already");
  }

  @Override
  public long address() {
    return segment.isNative() ? segment.address() : 0;
  }

  @Override
  public long bytes() {
    return segment.byteSize();
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    if (body != null) {
      body.release();
      body = null;
    }
  }
}
