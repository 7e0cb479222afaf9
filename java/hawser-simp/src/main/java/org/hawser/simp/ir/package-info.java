/**
 * The graphs that programs become: values with types, operations with attributes and regions. They
 * are what drivers send and workers run, and are the same as mplang's, whose JSON form {@code
 * org.hawser.simp.serde} reads and writes. Graphs never change once built, and any thread may read
 * them.
 */
package org.hawser.simp.ir;
