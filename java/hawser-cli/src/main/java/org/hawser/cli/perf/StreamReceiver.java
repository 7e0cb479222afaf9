package org.hawser.cli.perf;

import org.hawser.lane.Transfer;

/** Receives what a {@link StreamSender} sends, with a window of receives posted ahead. */
final class StreamReceiver {
  private final Waiting waiting;
  private final Slots slots;
  private final Arrivals arrivals;
  private final Transfer[] posted;

  /** Posts the first window of receives. */
  StreamReceiver(Waiting waiting, Arrivals arrivals, Slots slots) {
    this.waiting = waiting;
    this.slots = slots;
    this.arrivals = arrivals;
    this.posted = new Transfer[slots.count()];
    for (int i = 0; i < posted.length; i++) {
      post(i);
    }
  }

  private void post(long number) {
    posted[slots.index(number)] = slots.receive(number);
  }

  void run() {
    int proven = 0;
    for (long number = 0; proven < slots.count(); number++) {
      long length = waiting.await(posted[slots.index(number)]);
      switch (arrivals.take(slots.header(number), length)) {
        case WARM_UP, TIMED -> post(number);
        case CLEAR -> {
          slots.clear(number);
          post(number);
        }
        case PROOF -> {
          arrivals.prove(slots.firstWrong(number));
          proven++;
        }
      }
    }
  }
}
