// Drives an engine from C++, as org.hawser.lane does from Java. For hosts without a JVM and for measuring what the JVM
// costs. One thread.
#pragma once

#include "lane/engine.h"
#include "lane/ring_driver.h"

namespace hawser {

class Driver {
 public:
  // `on_event` sees every event after the driver has acted on it; it may call send and receive.
  Driver(Engine& engine, RingDriver::OnEvent on_event);

  // Drives the link from now on.
  Status attach(Link* link, uint32_t* id);

  // Returns the operation's id, 0 when the ring is full: drive first. `memory` is what Link::register_memory gave.
  uint64_t send(uint32_t link, uint64_t tag, const void* data, uint64_t bytes, uint64_t memory = 0);
  uint64_t receive(uint32_t link, uint64_t tag, void* data, uint64_t capacity, uint64_t memory = 0);
  bool cancel(uint32_t link, uint64_t id);

  // One round: the engine's progress, then the events, then the choices.
  void drive(Nanos timeout, Nanos spin);

 private:
  uint64_t post(hawser_op_kind kind, uint32_t link, uint64_t tag, const void* data, uint64_t bytes, uint64_t memory);

  Engine& engine_;
  RingDriver rings_;
  uint64_t next_id_ = 1;
};

}  // namespace hawser
