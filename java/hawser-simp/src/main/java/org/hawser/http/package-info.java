/**
 * HTTP/1.1 between nodes: one port a process, which serves a worker's endpoints and takes its
 * peers' messages, and a pooled client. {@link org.hawser.http.HttpCommunicator} carries messages
 * between ranks as mplang's workers do, and keeps more promises towards other Hawser nodes. Bodies
 * stay outside the heap on their way.
 */
package org.hawser.http;
