package org.hawser.cli.demo;

import java.util.List;
import org.hawser.cli.files.FileResult;

/**
 * What {@code hawser demo --json} prints.
 *
 * @param processes their ids: this one and its peer
 * @param verified whether the file that came back has the SHA-256 of the one that went
 */
public record DemoResult(
    List<Long> processes, long bytes, FileResult there, FileResult back, boolean verified) {}
