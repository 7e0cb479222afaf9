/**
 * yacl's links, served from Java. A {@link org.hawser.link.Channel} is yacl's IChannel, {@link
 * org.hawser.link.BaseChannel} makes one from a communicator, and {@link
 * org.hawser.link.LinkCommunicator} makes of such channels, or of libspu's own transports, the link
 * context that secure programs run on. Upcalls from libspu end here.
 */
package org.hawser.link;
