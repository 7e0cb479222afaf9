/**
 * One program over many parties. A {@link org.hawser.simp.SimpHost} sends graphs to workers, one a
 * party, whose interpreters run them and talk to each other through a communicator; values stay
 * where they were made until they are fetched. Each driver is a host and a worker: threads of one
 * process, HTTP, lanes.
 */
package org.hawser.simp;
