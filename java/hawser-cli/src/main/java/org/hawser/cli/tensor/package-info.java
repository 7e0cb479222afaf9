/**
 * Tensors in files: NumPy's {@code .npy} and CSV, in and out. What is wrong with a file is told
 * with its name and, where there is one, the line. Nothing here is kept open between two calls.
 */
package org.hawser.cli.tensor;
