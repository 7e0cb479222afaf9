package org.hawser.comm;

/**
 * What a communicator has done since it was made.
 *
 * @param messagesSent messages handed to {@code send}
 * @param bytesSent their payload
 * @param messagesReceived messages that arrived, received by now or not
 * @param bytesReceived their payload
 * @param bytesWaiting payload in the mailbox that nobody has received yet
 */
public record CommStatistics(
    long messagesSent,
    long bytesSent,
    long messagesReceived,
    long bytesReceived,
    long bytesWaiting) {}
