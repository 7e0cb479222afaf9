// Drives an engine from C++, as org.hawser.lane does from Java: posts operations, reads events, gives chunks to lanes.
// For hosts without a JVM and for measuring what the JVM costs. One thread.
#pragma once

#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "lane/adaptive.h"
#include "lane/engine.h"

namespace hawser {

class Driver {
 public:
  // `on_event` sees every event after the driver has acted on it; it may call send and receive.
  Driver(Engine& engine, std::function<void(const hawser_event&)> on_event);

  // Drives the link from now on.
  Status attach(Link* link, uint32_t* id);

  // Returns the operation's id, 0 when the ring is full: drive first.
  uint64_t send(uint32_t link, uint64_t tag, const void* data, uint64_t bytes);
  uint64_t receive(uint32_t link, uint64_t tag, void* data, uint64_t capacity);
  bool cancel(uint32_t link, uint64_t id);

  // One round: the engine's progress, then the events, then the choices.
  void drive(Nanos timeout, Nanos spin);

 private:
  struct Ready {
    uint64_t id = 0;
    uint64_t bytes = 0;
    uint64_t next = 0;
  };
  struct Party {
    hawser_link_shared* shared = nullptr;
    std::deque<Ready> ready;
    std::deque<hawser_chunk> returned;
    uint64_t backlog = 0;
    std::vector<SpscRing<hawser_chunk>> lanes;
  };

  uint64_t post(hawser_op_kind kind, uint32_t link, uint64_t tag, const void* data, uint64_t bytes);
  void on_event(const hawser_event& event);
  void schedule(Party& party);
  void submit(Party& party, size_t lane, const hawser_chunk& chunk);

  Engine& engine_;
  std::function<void(const hawser_event&)> on_event_;
  OpRing ops_;
  SpscRing<hawser_event> events_;
  std::vector<Party> parties_;
  uint64_t next_id_ = 1;
};

}  // namespace hawser
