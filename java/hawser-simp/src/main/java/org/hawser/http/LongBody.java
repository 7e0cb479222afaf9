package org.hawser.http;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.util.function.Consumer;
import org.hawser.mem.Buffer;

/** The body of a long message, in pages that are used again and again. */
final class LongBody extends UnpooledDirectByteBuf {
  private final Buffer buffer;
  private final Consumer<Buffer> owner;

  /**
   * @param buffer of so many bytes or more
   * @param owner gets the buffer when this is released
   */
  LongBody(Buffer buffer, int bytes, Consumer<Buffer> owner) {
    super(
        UnpooledByteBufAllocator.DEFAULT, buffer.segment().asSlice(0, bytes).asByteBuffer(), bytes);
    clear();
    this.buffer = buffer;
    this.owner = owner;
  }

  @Override
  protected void deallocate() {
    super.deallocate();
    owner.accept(buffer);
  }
}
