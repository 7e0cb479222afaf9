/**
 * One link between parties, made of many lanes: the public API of transfers, the choice of a lane
 * for every chunk, and the driver that moves the native engine along. Whoever waits for a transfer
 * drives the engine itself, and a background thread does so only when nobody waits. Bytes are moved
 * by the native half; this package shares memory with it and calls it once a round.
 */
package org.hawser.lane;
