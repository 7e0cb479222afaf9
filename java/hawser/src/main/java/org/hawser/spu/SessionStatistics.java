package org.hawser.spu;

/**
 * What this rank has sent in a session so far.
 *
 * @param shareMessages shares of inputs and of what was revealed
 * @param shareBytes their payload
 */
public record SessionStatistics(long shareMessages, long shareBytes) {}
