package org.hawser.chaos;

/**
 * One fault of a plan.
 *
 * @param stage the name of the stage whose work it meets
 * @param end which of the stage's lanes or processes
 * @param at for faults of the network, the count of its operations from which on it happens
 * @param lane for faults of lanes, which
 * @param amount messages, attempts or milliseconds, as the kind has it
 */
record Fault(String stage, int end, long at, int lane, String kind, int amount) {

  /** A line of a plan of the network {@code fault}. */
  String toPlanLine() {
    return "%d %d %s %d".formatted(at, lane, kind, amount);
  }

  @Override
  public String toString() {
    return "%s/%d %s".formatted(stage, end, toPlanLine());
  }
}
