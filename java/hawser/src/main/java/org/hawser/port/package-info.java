/**
 * Ports: one-sided put, signal and wait between processes. A {@link org.hawser.port.PortContext} is
 * what a process has one of; from it come connections, registered memory, semaphores, and a {@link
 * org.hawser.port.ProxyService} whose {@link org.hawser.port.PortChannel}s put and signal. Bytes
 * are moved by the native half; this package calls it once an operation, and waits by reading the
 * word that the peer signals into.
 *
 * <p>Everything here may be used by any thread unless it says otherwise, and closed at any time, in
 * any order: what is closed refuses what comes after, takes what was made from it along, and frees
 * its native half as soon as nobody uses it any more.
 */
package org.hawser.port;
