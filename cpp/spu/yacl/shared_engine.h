// An engine that several threads use, through the C ABI. Whoever waits drives it; a thread of its own does so only when
// nobody else has for a while. org.hawser.lane.Driver is the twin in Java.
//
// One lock guards the engine's state here and that of its user alike. It is not held while a round moves bytes, so
// posting never waits for a sleeping driver.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "hawser.h"
#include "lane/ring_driver.h"

namespace hawser {

// Called by the thread that drives, with the lock held; it may post, and must neither wait nor throw.
class EngineUser {
 public:
  virtual ~EngineUser() = default;
  virtual void on_event(const hawser_event& event) noexcept = 0;
  // The engine itself is broken: nothing completes any more.
  virtual void on_broken(int32_t code, const char* why) noexcept = 0;
};

class SharedEngine {
 public:
  using Lock = std::unique_lock<std::mutex>;

  // Throws what raise() of lane_error.h throws.
  SharedEngine(const hawser_config& config, EngineUser& user);
  // Nobody waits any more, and all links were closed.
  ~SharedEngine();
  SharedEngine(const SharedEngine&) = delete;
  SharedEngine& operator=(const SharedEngine&) = delete;

  // For listening and connecting, which any thread may do.
  hawser_engine* get() { return engine_.get(); }
  Lock lock() { return Lock(mutex_); }

  // All that follows takes the lock, held.

  hawser_link_shared* attach(Lock& lock, hawser_link* link, uint32_t* id);
  // Its operations have completed, and their events were told, when this returns.
  void close(Lock& lock, hawser_link* link, uint32_t id);

  // Never waits. The operation leaves with the next round: see start().
  void post(const hawser_op& op);
  // What was posted leaves now: runs a round when nobody drives, else sees to it that the driver is awake.
  void start(Lock& lock);

  // Waits until `done`, driving whenever nobody else does; false when the deadline passes first. `done` is asked with
  // the lock held and may post.
  template <typename Done>
  bool await(Lock& lock, Nanos deadline, Done&& done) {
    Waiter waiter(*this, lock);
    while (!done()) {
      const Nanos left = deadline - now();
      if (left <= 0) return false;
      waiter.step(left);
    }
    return true;
  }

  // Lets those who wait look at their conditions again.
  void notify();

 private:
  // How long a wait polls before it sleeps: briefly while that helps, not at all when it does not, but for a trial now
  // and then. It helps where waits are short and the peer has a processor of its own; else the poll holds up the peer.
  class SpinBudget {
   public:
    Nanos next();
    void waited(Nanos time);

   private:
    Nanos polled_ = 0;
    uint32_t in_vain_ = 0;
    uint32_t waits_ = 0;
  };

  // One thread's stay in await().
  class Waiter {
   public:
    Waiter(SharedEngine& engine, Lock& lock);
    ~Waiter();
    void step(Nanos left);

   private:
    SharedEngine& engine_;
    Lock& lock_;
    bool drove_ = false;
  };

  struct EngineCloser {
    void operator()(hawser_engine* engine) const { hawser_engine_close(engine); }
  };

  void round(Lock& lock, Nanos timeout, Nanos spin);
  void handle(int32_t events, const hawser_error& error);
  void break_down(int32_t code, const char* why);
  void park(Lock& lock, Nanos timeout);
  void finish(Lock& lock);
  void claim(Lock& lock);
  void flush_overflow();
  void run_in_background();
  bool is_left_alone() const;
  bool is_wanted() const { return waiters_ > 0 || claims_ > 0; }

  EngineUser& user_;
  std::unique_ptr<hawser_engine, EngineCloser> engine_;
  hawser_engine_shared* shared_ = nullptr;
  std::unique_ptr<RingDriver> rings_;
  std::deque<hawser_op> overflow_;  // what the ring had no room for, in order

  std::mutex mutex_;
  std::condition_variable changed_;
  bool driving_ = false;      // a thread is in a round
  bool background_ = false;   // and it is the engine's own
  bool posted_ = false;       // operations that no round may have taken
  bool gave_chunks_ = false;  // the last round gave lanes chunks
  bool told_ = false;         // the last round had events
  bool broken_ = false;
  bool stopping_ = false;
  bool resting_ = false;  // the engine's own thread looks in seldom
  int waiters_ = 0;
  int parked_ = 0;
  int claims_ = 0;
  uint64_t holds_ = 0;  // times that a waiter began to drive
  Nanos last_round_ = 0;
  SpinBudget budget_;
  std::condition_variable tick_;
  std::thread thread_;
};

}  // namespace hawser
