/**
 * The chaos rig: work of every kind runs and checks every byte while faults are injected, in an
 * order that a seed reproduces. Faults below the protocol come from the network {@code fault};
 * others happen to processes that the rig itself started. {@link org.hawser.chaos.Chaos} is the
 * program.
 */
package org.hawser.chaos;
