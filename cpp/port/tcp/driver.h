// The thread that drives the engine of the Tcp transport: it sends and receives for all connections of a context, and
// never waits for anything but the engine.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lane/engine.h"
#include "lane/ring_driver.h"

namespace hawser::port {

// Whoever has operations on a link of the engine. All calls come from the driver's thread, which keeps it while one is
// under way: it may close itself in a call.
class TcpClient {
 public:
  virtual ~TcpClient() = default;
  virtual void on_event(const hawser_event& event) = 0;
  // After the events of a round. Returns when it wants to be called at the latest.
  virtual Nanos after_events(Nanos time) = 0;
  // The memory of this number is gone: nothing may write to it when the engine has made its next progress.
  virtual void evict(uint64_t memory) = 0;
};

class TcpDriver {
 public:
  explicit TcpDriver(Engine& engine);
  // No client is attached any more.
  ~TcpDriver();

  // [any] False when the ring of operations is full; after_events() follows when there is room again.
  bool try_post(const hawser_op& op);
  // [any] A task for the thread; run() returns when it has run, later() at once.
  void run(const std::function<void()>& task);
  void later(std::function<void()> task);
  // [any] Nothing writes to this memory when it returns.
  void evict(uint64_t memory);

  // [driver]
  void post(const hawser_op& op);
  Status attach(Link* link, std::shared_ptr<TcpClient> client, uint32_t* id);
  // The link is closed, and its client is not called any more.
  void close(Link* link, uint32_t id);

 private:
  void drive();
  void serve_tasks();
  Nanos serve_clients();

  Engine& engine_;
  RingDriver rings_;
  std::vector<std::shared_ptr<TcpClient>> clients_;  // by the number of their link; null where it was closed
  std::mutex mutex_;
  std::condition_variable served_;
  std::vector<std::function<void()>> tasks_;
  uint64_t tasks_posted_ = 0;
  uint64_t tasks_served_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace hawser::port
