// One comm of a plugin: messages of one direction, posted and done in order. Made by whoever meets the peer, then used
// by one thread at a time.
#pragma once

#include <memory>

#include "net/fixed_ring.h"
#include "net/plugin/net.h"
#include "net/plugin/unpack.h"

namespace hawser {

class PluginPipe {
 public:
  enum class Direction { kSend, kReceive };

  // Takes `comm` over. `window`: requests under way at most. `unpack`: of a receiving comm whose messages arrive in
  // fragments, else null.
  PluginPipe(std::shared_ptr<PluginNet> net, void* comm, Direction direction, uint32_t window,
             std::unique_ptr<PluginUnpack> unpack = nullptr);
  ~PluginPipe();

  // What every message lies in must be registered: there are plugins that follow a null handle.
  Status register_memory(void* data, size_t bytes, void** memory);
  // Memory of a GPU. HAWSER_UNSUPPORTED when the plugin, by the `kinds` that it takes, or this comm cannot reach it.
  Status register_gpu_memory(void* data, size_t bytes, int kinds, void** memory);
  void deregister_memory(void* memory);

  bool full() const { return flights_.size() >= window_; }
  bool empty() const { return flights_.empty(); }

  // What `memory` was registered for, or a part of it.
  struct Place {
    void* data = nullptr;
    void* memory = nullptr;
    bool on_gpu = false;
  };
  // *posted is false when the plugin has no request to give: call again later.
  Status post(const Place& place, size_t bytes, bool* posted);

  // Takes the oldest out if it is done: what was received into a GPU's memory can be seen there. Of a receive that the
  // plugin does not tell the length of, `bytes` is what it was posted for.
  Status take(bool* done, size_t* bytes);

  // Ends the comm; what is under way never is done, and nothing touches its memory any more.
  void close();

  PluginNet& net() { return *net_; }
  const std::shared_ptr<PluginNet>& shared_net() const { return net_; }

 private:
  static constexpr uint32_t kMaxFlights = nccl::kMaxRequests;
  struct Flight {
    void* request = nullptr;
    Place place;
    size_t bytes = 0;
    void* flush = nullptr;  // a request of its own behind the receive's
  };

  Status test_next();
  Status begin_flush(Flight& flight);
  Status settle(Flight& oldest, bool* done);
  Status failure(const char* call, nccl::Result result) const { return net_->failure(call, result); }

  std::shared_ptr<PluginNet> net_;
  void* comm_;
  Direction direction_;
  uint32_t window_;
  std::unique_ptr<PluginUnpack> unpack_;
  FixedRing<Flight, kMaxFlights> flights_;
  uint32_t arrived_ = 0;  // of `flights_`, how many the network is done with
};

}  // namespace hawser
