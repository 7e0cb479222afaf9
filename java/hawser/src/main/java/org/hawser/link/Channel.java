package org.hawser.link;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.ffi.NativeMemory;

/**
 * One direction pair to one peer: yacl's {@code IChannel} (yacl/link/transport/channel.h). Any
 * thread may use it, many at once. Every wait is bounded by {@link #getRecvTimeout} unless it says
 * otherwise, counted from the call; every failure is a {@link org.hawser.HawserException} that
 * names both ranks and the key.
 */
public interface Channel {
  /** Sends, and waits until the peer's mailbox has the message. */
  void send(Key key, long address, long bytes);

  /**
   * Starts to send. The memory must stay as it is until {@code completion} is told.
   *
   * @param completion told as {@link Completion} says, also of failures
   */
  void sendAsync(Key key, long address, long bytes, Completion completion, long context);

  /**
   * As {@link #sendAsync}, but first waits while as many throttled sends are under way as the
   * throttle window allows.
   */
  void sendAsyncThrottled(Key key, long address, long bytes, Completion completion, long context);

  /** Waits for a message; the caller closes it. */
  Message recv(Key key);

  /**
   * Says to the peer that this end is there, with one byte 0x00 under {@code __test__}.
   *
   * @throws org.hawser.HawserException TIMEOUT when it cannot be delivered in time
   */
  void testSend(Duration timeout);

  /**
   * Waits for the peer's {@link #testSend}.
   *
   * @throws org.hawser.HawserException INTERNAL when something else than one byte 0x00 came
   */
  void testRecv();

  /**
   * Waits until all sends of this channel have ended.
   *
   * @throws org.hawser.HawserException the first failure among them
   */
  void waitLinkTaskFinish();

  /** Wakes whoever waits on this channel with an error (CLOSED), and refuses what comes after. */
  void abort();

  /** How many throttled sends may be under way at once; 0 means any number. */
  void setThrottleWindowSize(long size);

  /**
   * How many pieces of one message may be under way at once where the communicator limits a
   * message's size; 1 and more.
   */
  void setChunkParallelSendSize(long size);

  void setRecvTimeout(Duration timeout);

  Duration getRecvTimeout();

  /** As {@link #send(Key, long, long)}. */
  default void send(String key, MemorySegment value) {
    send(Key.of(key), NativeMemory.address(value), value.byteSize());
  }

  /** As {@link #sendAsync(Key, long, long, Completion, long)}; failures show in a wait. */
  default void sendAsync(String key, MemorySegment value) {
    sendAsync(Key.of(key), NativeMemory.address(value), value.byteSize(), Completion.IGNORED, 0);
  }

  /** As {@link #recv(Key)}. */
  default Message recv(String key) {
    return recv(Key.of(key));
  }
}
