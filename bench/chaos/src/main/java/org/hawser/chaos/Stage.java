package org.hawser.chaos;

import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/** Work of one kind, and the faults that it has to outlive. */
interface Stage {
  String name();

  /** Of so many faults in all, how many per thousand are this one's. */
  int share();

  /** Why it cannot run on this machine; empty when it can. */
  default String obstacle() {
    return "";
  }

  /** Draws faults, in the order in which they will happen. */
  List<Fault> draw(RandomGenerator random, int count);

  /**
   * Runs until all faults have been injected and what they met has ended.
   *
   * @param folder the stage's own, empty
   */
  void run(List<Fault> faults, Path folder, Tally tally) throws Exception;
}
