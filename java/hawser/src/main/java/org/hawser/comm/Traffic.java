package org.hawser.comm;

import java.util.concurrent.atomic.LongAdder;

/** Counts what a communicator does; any thread, without contention. */
public final class Traffic {
  private final LongAdder messagesSent = new LongAdder();
  private final LongAdder bytesSent = new LongAdder();
  private final LongAdder messagesReceived = new LongAdder();
  private final LongAdder bytesReceived = new LongAdder();

  /** Starts at nothing. */
  public Traffic() {}

  public void sent(long bytes) {
    messagesSent.increment();
    bytesSent.add(bytes);
  }

  public void received(long bytes) {
    messagesReceived.increment();
    bytesReceived.add(bytes);
  }

  /**
   * @param bytesWaiting what waits in the mailbox
   */
  public CommStatistics statistics(long bytesWaiting) {
    return new CommStatistics(
        messagesSent.sum(),
        bytesSent.sum(),
        messagesReceived.sum(),
        bytesReceived.sum(),
        bytesWaiting);
  }
}
