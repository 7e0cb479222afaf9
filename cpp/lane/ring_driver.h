// What a driver of an engine does between two rounds, through the memory it shares with the engine and nothing else:
// posts operations, reads events, gives chunks to lanes. org.hawser.lane is its twin in Java.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "lane/adaptive.h"
#include "mem/rings.h"

namespace hawser {

class RingDriver {
 public:
  using OnEvent = std::function<void(const hawser_event&)>;

  // `on_event` sees every event after the driver has acted on it; it may post. All but post() belongs to the thread
  // that drives.
  RingDriver(hawser_engine_shared* engine, OnEvent on_event);

  // The engine drives the link from now on; until detached(), its memory must stay.
  void attached(uint32_t link, hawser_link_shared* shared);
  void detached(uint32_t link);

  // [any thread] False when the ring is full: drive first.
  bool post(const hawser_op& op) { return ops_.try_post(op); }

  // After the engine's progress: handles its events, then chooses lanes. True when lanes were given chunks, which the
  // next progress writes.
  bool after_progress();

 private:
  struct Ready {
    uint64_t id = 0;
    uint64_t bytes = 0;
    uint64_t chunk_bytes = 0;
    uint64_t next = 0;
  };
  struct Party {
    hawser_link_shared* shared = nullptr;
    std::deque<Ready> ready;
    std::deque<hawser_chunk> returned;
    uint64_t backlog = 0;
    std::vector<SpscRing<hawser_chunk>> lanes;
  };

  void on_event(const hawser_event& event);
  bool schedule(Party& party);
  void submit(Party& party, size_t lane, const hawser_chunk& chunk);

  OnEvent on_event_;
  OpRing ops_;
  SpscRing<hawser_event> events_;
  std::vector<Party> parties_;
};

}  // namespace hawser
