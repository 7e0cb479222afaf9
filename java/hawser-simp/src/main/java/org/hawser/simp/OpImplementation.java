package org.hawser.simp;

import org.hawser.simp.ir.Operation;

/**
 * How a worker does the operations of one opcode. Called by many threads at once, for many jobs.
 */
@FunctionalInterface
public interface OpImplementation {
  /**
   * Does an operation at one party. May block, within the job's bounds.
   *
   * @param inputs one an input of the operation; null where this party has no part of it. Neither
   *     the array nor what it holds may be changed
   * @return one an output; null where this party has no part of it
   * @throws org.hawser.HawserException that names the operation, and ends the job
   */
  Object[] execute(Job job, Operation operation, Object[] inputs);
}
