package org.hawser.ffi;

/**
 * One of yacl's channels, from one party to one peer, as libspu calls it: any thread, many at once.
 *
 * <p>Keys and messages come as addresses, so that nothing is allocated a message; a key is UTF-8
 * without an end mark. Memory that libspu passes is valid until the method returns, unless it says
 * otherwise. Whatever a method throws is kept for the Java call on the link, and told to libspu as
 * an error. A method may block; the interpreter is not held meanwhile.
 */
public interface SpuChannel {
  /**
   * Sends, and returns when the memory may change. A send that takes too long throws while the
   * memory is still in use: it stays as it is until any thread calls {@link SpuLibrary#sent} with
   * {@code token}, exactly once in any case, before this has ended or after.
   */
  void send(long key, int keyBytes, long data, long bytes, long token);

  /**
   * Starts to send.
   *
   * @return true when {@code data} is still needed: it stays as it is until any thread calls {@link
   *     SpuLibrary#sent} with {@code token}, exactly once. False when it is done with. After a
   *     throw the token must not be used
   */
  boolean sendAsync(long key, int keyBytes, long data, long bytes, long token);

  /** As {@link #sendAsync}, but waits first while the throttle window is full. */
  boolean sendAsyncThrottled(long key, int keyBytes, long data, long bytes, long token);

  /**
   * Waits for a message.
   *
   * @return its bytes; it stays pending for this thread's next {@link #takeInto}, which follows at
   *     once
   */
  long recv(long key, int keyBytes);

  /**
   * Copies this thread's pending message to {@code destination} and frees it. 0 says that the
   * message is not wanted: there was no memory for it.
   */
  void takeInto(long destination);

  void testSend(long timeoutMillis);

  void testRecv();

  void waitLinkTaskFinish();

  void abort();

  void setThrottleWindowSize(long size);

  void setChunkParallelSendSize(long size);

  void setRecvTimeout(long millis);

  long getRecvTimeout();
}
