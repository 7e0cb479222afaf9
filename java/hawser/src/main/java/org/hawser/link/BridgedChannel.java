package org.hawser.link;

import java.time.Duration;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.ffi.NativeMemory;
import org.hawser.ffi.SpuChannel;
import org.hawser.ffi.SpuLibrary;

/** A channel as libspu calls it. Allocates nothing a message. */
final class BridgedChannel implements SpuChannel {
  /** What one thread works with, from the start of a call to its end. */
  private static final class Desk {
    final Key key = new Key();
    Message pending;
  }

  private static final ThreadLocal<Desk> DESKS = ThreadLocal.withInitial(Desk::new);
  private static final Completion TELL_LIBSPU = (token, failure) -> SpuLibrary.sent(token);

  private final BaseChannel channel;

  BridgedChannel(BaseChannel channel) {
    this.channel = channel;
  }

  private static Key key(long address, int bytes) {
    return DESKS.get().key.set(address, bytes);
  }

  @Override
  public void send(long key, int keyBytes, long data, long bytes, long token) {
    channel.send(key(key, keyBytes), data, bytes, TELL_LIBSPU, token);
  }

  @Override
  public boolean sendAsync(long key, int keyBytes, long data, long bytes, long token) {
    channel.sendAsync(key(key, keyBytes), data, bytes, TELL_LIBSPU, token);
    return true;
  }

  @Override
  public boolean sendAsyncThrottled(long key, int keyBytes, long data, long bytes, long token) {
    channel.sendAsyncThrottled(key(key, keyBytes), data, bytes, TELL_LIBSPU, token);
    return true;
  }

  @Override
  public long recv(long key, int keyBytes) {
    Desk desk = DESKS.get();
    desk.pending = channel.recv(desk.key.set(key, keyBytes));
    return desk.pending.bytes();
  }

  @Override
  public void takeInto(long destination) {
    Desk desk = DESKS.get();
    try (Message message = desk.pending) {
      desk.pending = null;
      if (destination != 0) {
        NativeMemory.copy(message.address(), destination, message.bytes());
      }
    }
  }

  /**
   * As long as for any message, where libspu allows less: it means to try again, but does so only
   * after errors of its own transport.
   */
  @Override
  public void testSend(long timeoutMillis) {
    Duration timeout = channel.getRecvTimeout();
    channel.testSend(Duration.ofMillis(Math.max(timeoutMillis, timeout.toMillis())));
  }

  @Override
  public void testRecv() {
    channel.testRecv();
  }

  @Override
  public void waitLinkTaskFinish() {
    channel.waitLinkTaskFinish();
  }

  @Override
  public void abort() {
    channel.abort();
  }

  @Override
  public void setThrottleWindowSize(long size) {
    channel.setThrottleWindowSize(size);
  }

  @Override
  public void setChunkParallelSendSize(long size) {
    channel.setChunkParallelSendSize(size);
  }

  @Override
  public void setRecvTimeout(long millis) {
    channel.setRecvTimeout(Duration.ofMillis(millis));
  }

  @Override
  public long getRecvTimeout() {
    return channel.getRecvTimeout().toMillis();
  }
}
