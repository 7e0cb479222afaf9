package org.hawser.cli.perf;

import org.hawser.lane.Transfer;

/**
 * One message to and fro. Sends use several places in turn, so that nobody waits for the
 * acknowledgement of a message whose answer is there already.
 */
final class PingPong {
  static final int PLACES = 4;

  private final Waiting waiting;
  private final Slots outgoing;
  private final Slots incoming;
  private final Arrivals arrivals;
  private final Transfer[] sends = new Transfer[PLACES];
  private Transfer next;
  private long sent;
  private long received;
  private int left = PLACES;

  /** Posts the first receive. */
  PingPong(Waiting waiting, Arrivals arrivals, Slots outgoing, Slots incoming) {
    this.waiting = waiting;
    this.arrivals = arrivals;
    this.outgoing = outgoing;
    this.incoming = incoming;
    post();
  }

  /** The client: asks, and times the answers. */
  void ask(Plan plan, Clock clock) {
    Phase phase = Phase.WARM_UP;
    long warmUntil = System.nanoTime() + (long) (plan.warmUpSeconds() * 1e9);
    while (left > 0) {
      long before = System.nanoTime();
      send(phase);
      receive();
      long now = System.nanoTime();
      if (phase == Phase.WARM_UP && now >= warmUntil) {
        clock.begin(now);
        phase = Phase.TIMED;
      } else if (phase == Phase.TIMED) {
        clock.completed(now, (now - before) / 2);
        if (clock.nanosSince(now) >= plan.seconds() * 1e9) {
          clock.finish();
          phase = Phase.CLEAR;
        }
      } else if (phase == Phase.CLEAR) {
        phase = Phase.PROOF;
      }
    }
    awaitSends();
  }

  /** The server: answers each message with one of the same phase. */
  void answer() {
    while (left > 0) {
      send(receive());
    }
    awaitSends();
  }

  private void send(Phase phase) {
    int slot = outgoing.index(sent);
    if (sends[slot] != null) {
      waiting.await(sends[slot]);
    }
    outgoing.writeHeader(sent, Pattern.header(sent, phase));
    sends[slot] = outgoing.send(sent);
    sent++;
  }

  /** Takes the next message, and posts the receive of the one after it. */
  private Phase receive() {
    long length = waiting.await(next);
    Phase phase = arrivals.take(incoming.header(received), length);
    if (phase == Phase.CLEAR) {
      for (int place = 0; place < PLACES; place++) {
        incoming.clear(place);
      }
    } else if (phase == Phase.PROOF) {
      arrivals.prove(incoming.firstWrong(received));
    }
    received++;
    if (phase.ordinal() > Phase.TIMED.ordinal()) {
      left--;
    }
    if (left > 0) {
      post();
    }
    return phase;
  }

  private void post() {
    next = incoming.receive(received);
  }

  private void awaitSends() {
    for (Transfer send : sends) {
      waiting.await(send);
    }
  }
}
