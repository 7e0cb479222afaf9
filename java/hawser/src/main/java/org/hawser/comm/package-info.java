/**
 * Tagged messages between ranks. A {@link org.hawser.comm.Communicator} carries them, in one
 * process or over lanes, and keeps what arrived in a mailbox until it is asked for by sender and
 * key. What libspu's links and SIMP's programs exchange goes through here.
 */
package org.hawser.comm;
