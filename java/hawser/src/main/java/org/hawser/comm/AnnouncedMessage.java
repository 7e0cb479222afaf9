package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import org.hawser.HawserException;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;
import org.hawser.lane.TransferListener;
import org.hawser.mem.Buffer;

/** A long message, whose bytes come in a transfer of their own once there is memory for them. */
final class AnnouncedMessage extends Arrival implements TransferListener {
  private final LaneCommunicator communicator;
  private final int from;
  private final Link link;
  private final long number;
  private final long bytes;
  private Buffer buffer;

  AnnouncedMessage(LaneCommunicator communicator, int from, Link link, long number, long bytes) {
    this.communicator = communicator;
    this.from = from;
    this.link = link;
    this.number = number;
    this.bytes = bytes;
  }

  @Override
  protected void begin() {
    try {
      buffer = communicator.buffers().take(bytes);
      link.receive(payload(), Envelope.INBOX | number, this);
    } catch (HawserException e) {
      communicator.lost(from, e);
    }
  }

  @Override
  public void ended(Transfer transfer) {
    if (transfer.failure() == null) {
      communicator.mailbox().arrived(this);
    } else {
      communicator.lost(from, transfer.failure());
    }
  }

  private MemorySegment payload() {
    return buffer.segment().asSlice(0, bytes);
  }

  @Override
  public long address() {
    return buffer.segment().address();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public MemorySegment segment() {
    return payload().asReadOnly();
  }

  @Override
  public void close() {
    if (buffer != null) {
      communicator.buffers().giveBack(buffer);
      buffer = null;
    }
  }
}
