package org.hawser.cli.perf;

import org.hawser.lane.Transfer;

/** Sends messages of one size, with a window of them in flight, through all phases. */
final class StreamSender {
  /** The tag of payload. */
  static final long TAG = 1;

  private final Plan plan;
  private final Waiting waiting;
  private final Clock clock;
  private final Slots slots;
  private final Transfer[] inFlight;
  private final long[] started;
  private Phase phase = Phase.WARM_UP;
  private long sent;
  private long completed;
  private long phaseEnd = Long.MAX_VALUE;

  StreamSender(Plan plan, Waiting waiting, Clock clock, Slots filled) {
    this.plan = plan;
    this.waiting = waiting;
    this.clock = clock;
    this.slots = filled;
    this.inFlight = new Transfer[filled.count()];
    this.started = new long[filled.count()];
  }

  void run() {
    long warmUntil = System.nanoTime() + (long) (plan.warmUpSeconds() * 1e9);
    while (phase != Phase.PROOF || sent < phaseEnd) {
      if (sent - completed == slots.count()) {
        awaitOldest(warmUntil);
      }
      send();
    }
    while (completed < sent) {
      waiting.await(inFlight[slots.index(completed++)]);
    }
  }

  private void send() {
    if (phase == Phase.CLEAR && sent == phaseEnd) {
      phase = Phase.PROOF;
      phaseEnd += slots.count();
    }
    int slot = slots.index(sent);
    slots.writeHeader(sent, Pattern.header(sent, phase));
    started[slot] = System.nanoTime();
    inFlight[slot] = slots.send(sent);
    sent++;
  }

  private void awaitOldest(long warmUntil) {
    int slot = slots.index(completed++);
    waiting.await(inFlight[slot]);
    if (phase.ordinal() > Phase.TIMED.ordinal()) {
      return;
    }
    long now = System.nanoTime();
    if (phase == Phase.TIMED) {
      clock.completed(now, now - started[slot]);
      if (clock.nanosSince(now) >= plan.seconds() * 1e9) {
        clock.finish();
        phase = Phase.CLEAR;
        phaseEnd = sent + slots.count();
      }
    } else if (now >= warmUntil) {
      clock.begin(now);
      phase = Phase.TIMED;
    }
  }
}
