/**
 * Benchmarks and stress tests of what the package org.hawser.lane keeps to itself, which is why
 * they share its name. They see the rings and the memory shared with native code, and play the
 * engine's part. They run on the class path, never as a module.
 */
package org.hawser.lane;
