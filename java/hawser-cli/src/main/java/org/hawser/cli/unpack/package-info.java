/**
 * {@code hawser unpack-bench}: how fast fragments are brought to their places, by every executor
 * that this machine has, against a plain copy of the same bytes by the same means. Both are
 * measured in turns, in one run. What was unpacked is compared with what it should be.
 */
package org.hawser.cli.unpack;
