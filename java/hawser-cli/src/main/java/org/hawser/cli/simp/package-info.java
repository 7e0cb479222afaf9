/**
 * {@code hawser worker} and {@code hawser simp}: a party that serves, programs that run over
 * parties, and how long that takes. Here are only options, processes and results; what runs is in
 * {@code org.hawser.simp}. Each command uses one thread unless it says otherwise.
 */
package org.hawser.cli.simp;
