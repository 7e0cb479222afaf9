/**
 * The secure device: the real libspu behind Java types. Tensors become shares, StableHLO becomes
 * executables, and runtimes of several parties run these over a link. Parties are threads of one
 * {@link org.hawser.spu.Simulator} or processes that each hold a {@link org.hawser.spu.Session}.
 */
package org.hawser.spu;
