package org.hawser.lane;

/**
 * What one lane of a link has done so far.
 *
 * @param speedMbps the device's, -1 when its driver does not tell
 * @param sentBytes payload handed to the device, chunks that went twice counted twice
 * @param receivedBytes payload placed in memory
 * @param sentMessages packets and chunks
 * @param receivedMessages packets and chunks
 * @param inFlightBytes of chunks given to the lane and not acknowledged
 * @param bytesPerSecond what it was last measured to deliver while busy, 0 until the first
 *     measurement
 * @param losses times it was lost
 * @param returns times it came back
 * @param strangers connections refused on this lane
 * @param lastError why it was lost last, empty when it never was
 */
public record LaneStatistics(
    int lane,
    String device,
    String localAddress,
    String peerAddress,
    String peerDevice,
    int speedMbps,
    int sockets,
    boolean alive,
    long sentBytes,
    long receivedBytes,
    long sentMessages,
    long receivedMessages,
    long inFlightBytes,
    long bytesPerSecond,
    long losses,
    long returns,
    long checksumErrors,
    long strangers,
    String lastError) {}
