package org.hawser.simp;

import java.time.Duration;
import org.hawser.comm.Communicator;

/** One party's process, or thread, as operations see it. Any thread may ask it. */
public interface Worker {
  int rank();

  int worldSize();

  /** Between the workers. */
  Communicator communicator();

  /** How long an operation may wait for a peer. */
  Duration timeout();

  /** What results are kept in. */
  ObjectStore store();
}
