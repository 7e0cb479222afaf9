package org.hawser.link;

/**
 * What one party has sent over a link so far; all 0 where libspu carries the link itself.
 *
 * @param messages to all peers together
 * @param bytes their payload
 */
public record LinkStatistics(long messages, long bytes) {}
