// An engine whose users poll, as NCCL's proxy threads do: whoever asks after an operation moves everybody's bytes, and
// when nobody has asked for a while a thread of the engine's own, the keeper, takes over. It sleeps in the kernel until
// something happens, so that an idle process costs nothing, peers get their acknowledgements although nothing is asked
// here, and lost lanes come back.
//
// Nobody waits for the driver's role but attach() and detach(): a poller that finds it taken has nothing to do.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lane/engine.h"
#include "lane/ring_driver.h"

namespace hawser::nccl {

// One link's user. Called by whoever drives, which is another thread at every call; it may not drive, attach or detach.
class LinkUser {
 public:
  virtual ~LinkUser() = default;
  virtual void on_event(const hawser_event& event) = 0;
};

class PolledEngine {
 public:
  PolledEngine() = default;
  // All users are gone.
  ~PolledEngine();
  PolledEngine(const PolledEngine&) = delete;
  PolledEngine& operator=(const PolledEngine&) = delete;

  Status open(const hawser_config& config);
  // For listening and connecting, by any thread.
  Engine& engine() { return engine_; }

  // [any] Starts the keeper with the first link.
  Status attach(Link& link, LinkUser& user, uint32_t* id);
  // [any] Closes the link; its operations have ended, and their events were told, when this returns. With `linger` what
  // was sent is delivered first, or the peer or the link ends, or half a link's time-out has passed. Ends the keeper
  // with the last link.
  void detach(Link& link, uint32_t id, bool linger);

  // [any, blocks] For what else is the driver's: between two rounds.
  void as_driver(const std::function<void()>& work);

  // [any] The operation leaves with the next round, whoever drives it.
  void post(const hawser_op& op);
  // [any] For whoever asks after something again and again, with a word of its own: the second time since the last
  // round, one is run. So a thread that asks after many things one by one moves all of them once each time around,
  // rather than once for each. Never waits: when another thread is at it, nothing is to be done.
  void poll(uint64_t* asked);
  // The word for something new.
  uint64_t rounds() const { return rounds_.load(std::memory_order_relaxed); }

 private:
  class Role;

  void drive();
  void round();
  void deliver(Link& link);
  void on_event(const hawser_event& event);
  void start_keeper();
  void stop_keeper();
  void keep();
  bool is_left_alone();
  void keep_until_wanted();

  Engine engine_;
  std::unique_ptr<RingDriver> rings_;
  std::vector<LinkUser*> users_;  // by the number of their link; null where it was detached

  std::mutex role_;                     // the driver's
  std::atomic<uint64_t> rounds_{0};     // driven by pollers
  std::atomic<int> claims_{0};          // threads that wait for the role
  std::atomic<bool> keeping_{false};    // the keeper has the role
  std::atomic<bool> asked_for_{false};  // a poller found the keeper at it
  std::atomic<bool> keeper_ends_{false};

  std::mutex links_mutex_;  // guards what follows
  int links_ = 0;
  std::thread keeper_;
};

}  // namespace hawser::nccl
