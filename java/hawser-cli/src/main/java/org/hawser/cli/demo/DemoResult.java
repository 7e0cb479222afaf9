package org.hawser.cli.demo;

import java.util.List;
import org.hawser.cli.common.LaneShare;

/**
 * What {@code hawser demo --json} prints.
 *
 * @param accuracyMpc the share of held-out rows that the securely trained model tells right
 * @param accuracyClear the same of plain training on the same rows
 * @param seconds of training and judging
 * @param messages that the parties sent each other meanwhile
 * @param bytes their payload
 * @param lanes what each lane carried, of all parties
 */
record DemoResult(
    double accuracyMpc,
    double accuracyClear,
    double seconds,
    int parties,
    long messages,
    long bytes,
    List<LaneShare> lanes) {}
