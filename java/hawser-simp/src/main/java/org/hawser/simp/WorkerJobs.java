package org.hawser.simp;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * The jobs of a worker by their names: those that have not ended, and the last of those that have.
 * Any thread may use it.
 */
final class WorkerJobs {
  private static final int KEPT = 2048;

  private final Map<String, WorkerJob> named =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, WorkerJob> eldest) {
          return size() > KEPT && eldest.getValue().hasEnded();
        }
      };

  /**
   * @throws HawserException (INVALID_ARGUMENT) when one of its name has not ended
   */
  synchronized void add(WorkerJob job) {
    WorkerJob other = named.get(job.id());
    if (other != null && !other.hasEnded()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a job named %s has not ended, and another's messages would mix with its own"
              .formatted(job.id()));
    }
    named.remove(job.id());
    named.put(job.id(), job);
  }

  /** The one of its name that is there already; else adds it, and returns it. */
  synchronized WorkerJob addOrFind(WorkerJob job) {
    WorkerJob other = named.putIfAbsent(job.id(), job);
    return other == null ? job : other;
  }

  /** The last of that name, unless it is too long ago. */
  synchronized Optional<WorkerJob> find(String id) {
    return Optional.ofNullable(named.get(id));
  }
}
