package org.hawser.comm;

import java.util.List;

/** All ranks of one job, in this process. */
public interface World extends AutoCloseable {
  List<? extends Communicator> ranks();

  @Override
  void close();

  /** Ranks that are threads of this process. */
  static World ofThreads(int size) {
    List<ThreadCommunicator> ranks = ThreadCommunicator.world(size);
    return new World() {
      @Override
      public List<? extends Communicator> ranks() {
        return ranks;
      }

      @Override
      public void close() {
        ranks.forEach(Communicator::close);
      }
    };
  }
}
