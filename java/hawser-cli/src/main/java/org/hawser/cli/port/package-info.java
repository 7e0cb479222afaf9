/**
 * {@code hawser port}: two ranks put memory into each other's, both ways at once, over one of the
 * transports of {@link org.hawser.port}. It prints what the example that it follows prints, or
 * JSON. What arrives is compared byte by byte.
 */
package org.hawser.cli.port;
