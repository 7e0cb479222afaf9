package org.hawser.cli.perf;

/** Checks each message that arrives, and keeps the clock by the phases that they tell. */
final class Arrivals {
  private final long bytes;
  private final long mask;
  private final Clock clock;
  private Phase phase = Phase.WARM_UP;
  private long expected;
  private String wrong;

  Arrivals(long bytes, Clock clock) {
    this.bytes = bytes;
    this.mask = Pattern.mask(bytes);
    this.clock = clock;
  }

  /** Takes note of a message; returns the phase it belongs to. */
  Phase take(long header, long length) {
    Phase told = Phase.of(header);
    if (length != bytes || header != (Pattern.header(expected, told) & mask)) {
      complain(
          "message %d has %d bytes and the header %x, not %d bytes and %x"
              .formatted(expected, length, header, bytes, Pattern.header(expected, phase) & mask));
    }
    expected++;
    keepTime(told);
    return told;
  }

  private void keepTime(Phase told) {
    if (told == Phase.TIMED) {
      long now = System.nanoTime();
      if (phase == Phase.WARM_UP) {
        clock.begin(now);
      } else {
        clock.arrived(now);
      }
    } else if (phase == Phase.TIMED) {
      clock.finish();
    }
    phase = told;
  }

  /** Takes note of where a message of the last phase is wrong first, -1 for nowhere. */
  void prove(long at) {
    if (at >= 0) {
      complain("message %d is wrong at byte %d".formatted(expected - 1, at));
    }
  }

  private void complain(String what) {
    if (wrong == null) {
      wrong = what;
    }
  }

  /** What was wrong first, null when nothing was. */
  String wrong() {
    return wrong;
  }
}
