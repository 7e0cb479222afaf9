/**
 * The file that describes a cluster, as mplang has it: nodes with their endpoints, and the devices
 * that some of them make up. Nothing here opens a connection. What is wrong with a file is told
 * with its name and the place in it.
 */
package org.hawser.cli.cluster;
