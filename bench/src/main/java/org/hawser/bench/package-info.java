/**
 * Benchmarks of what Java does for every chunk and every message, under JMH. They measure the cost
 * of the work alone, without a network; whole transfers are compared with other systems elsewhere.
 * Run them with {@code -prof gc} to see that nothing is allocated.
 */
package org.hawser.bench;
