package org.hawser.cli.perf;

import java.lang.foreign.MemorySegment;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;

/** Receives what a {@link StreamSender} sends, with a window of receives posted ahead. */
final class StreamReceiver {
  private final Link link;
  private final Waiting waiting;
  private final Slots slots;
  private final Arrivals arrivals;
  private final Transfer[] posted;

  /** Posts the first window of receives. */
  StreamReceiver(Link link, Waiting waiting, Arrivals arrivals, Slots slots) {
    this.link = link;
    this.waiting = waiting;
    this.slots = slots;
    this.arrivals = arrivals;
    this.posted = new Transfer[slots.count()];
    for (int i = 0; i < posted.length; i++) {
      post(i);
    }
  }

  private void post(long number) {
    posted[slots.index(number)] = link.receive(slots.of(number), StreamSender.TAG);
  }

  void run() {
    int proven = 0;
    for (long number = 0; proven < slots.count(); number++) {
      MemorySegment message = slots.of(number);
      long length = waiting.await(posted[slots.index(number)]);
      switch (arrivals.take(message, length)) {
        case WARM_UP, TIMED -> post(number);
        case CLEAR -> {
          message.fill((byte) 0);
          post(number);
        }
        case PROOF -> {
          arrivals.prove(message, slots.index(number));
          proven++;
        }
      }
    }
  }
}
