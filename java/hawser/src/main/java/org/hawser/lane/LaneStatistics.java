package org.hawser.lane;

import org.hawser.ffi.NativeLink;
import org.hawser.lane.LinkMemory.Word;

/**
 * What one lane of a link has done so far.
 *
 * @param speedMbps the device's, -1 when its driver does not tell
 * @param sentBytes payload handed to the device, chunks that went twice counted twice
 * @param receivedBytes payload placed in memory
 * @param sentMessages packets and chunks
 * @param receivedMessages packets and chunks
 * @param inFlightBytes of chunks given to the lane and not acknowledged
 * @param bytesPerSecond what it was last measured to deliver while busy; 0 while that is unknown:
 *     before the first measurement, after the lane came back, and once the last measurement is
 *     older than 2 seconds. Chunks that are sent are measured: a lane that only receives, or
 *     carries small messages alone, stays unknown
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
    String lastError) {

  static LaneStatistics read(int lane, NativeLink.LaneInfo about, LinkMemory memory) {
    return new LaneStatistics(
        lane,
        about.device(),
        about.localAddress(),
        about.peerAddress(),
        about.peerDevice(),
        about.speedMbps(),
        about.sockets(),
        memory.word(lane, Word.ALIVE) != 0,
        memory.word(lane, Word.SENT_BYTES),
        memory.word(lane, Word.RECEIVED_BYTES),
        memory.word(lane, Word.SENT_MESSAGES),
        memory.word(lane, Word.RECEIVED_MESSAGES),
        memory.inFlightBytes(lane),
        memory.word(lane, Word.RATE),
        memory.word(lane, Word.LOSSES),
        memory.word(lane, Word.RETURNS),
        memory.word(lane, Word.CHECKSUM_ERRORS),
        memory.word(lane, Word.STRANGERS),
        about.lastError());
  }
}
