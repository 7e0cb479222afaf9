package org.hawser.simp;

/** What every driver does, on threads. */
class SimpSimulatorTest extends SimpContract {
  @Override
  protected SimpHost open(int parties, OpRegistry registry) {
    return SimpSimulator.open(parties, registry);
  }
}
