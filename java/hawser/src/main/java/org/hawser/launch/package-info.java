/**
 * Who am I in this job, and where are the others: the answers of the cluster's own launcher (PMIx,
 * Slurm, Open MPI).
 *
 * <p>{@link org.hawser.launch.Launch} gives a process that {@code mpirun} or {@code srun} started
 * its rank, and lets the ranks exchange small values, such as the addresses of their lanes, before
 * any lane is open. It never starts a process, and nothing of it is on the path of a transfer.
 */
package org.hawser.launch;
