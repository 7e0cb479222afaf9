package org.hawser.spu;

/**
 * What one rank has sent in a session so far.
 *
 * @param linkMessages programs' messages to other parties; 0 where libspu carries the link itself
 * @param linkBytes their payload
 * @param shareMessages shares of inputs and of what was revealed
 * @param shareBytes their payload
 */
public record SessionStatistics(
    long linkMessages, long linkBytes, long shareMessages, long shareBytes) {}
