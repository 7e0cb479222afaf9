/**
 * Who this node is to others, and whom it believes: one {@link Identity} for lanes, ports, HTTP and
 * rendezvous alike, certificates of its own making for tests and pre-shared keys, and the rule that
 * clear text leaves the machine only when the operator says so. It decides; sockets and engines are
 * others'. No text made here, of an error or of a value, shows any part of a key.
 */
package org.hawser.trust;
