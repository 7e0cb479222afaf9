// The thread of an OFI device. Software providers move bytes only while somebody reads their completion queues, on the
// side that is written to as well: this thread does, and takes what the queues tell to the connections. It looks
// without pause while something is on its way, then sleeps until a descriptor is ready or, where the provider has none,
// for short naps that grow while nothing happens.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "port/ofi_device.h"

namespace hawser::port {

class Connection;

// What came of a look at a connection's queue that must be done without the locks that it was looked at under.
struct OfiNews {
  std::shared_ptr<Connection> connection;
  Status failure;  // OK: there is room again, pump it
};

class OfiPolled {
 public:
  virtual ~OfiPolled() = default;
  virtual OfiPort& port() = 0;
  // Whether something is on its way.
  virtual bool pending() const = 0;
  // [progress thread] Reads the completion queue; returns whether there was anything in it.
  virtual bool poll(std::vector<OfiNews>* news) = 0;
};

class OfiProgress {
 public:
  explicit OfiProgress(OfiDevice& device) : device_(device) {}
  ~OfiProgress();

  Status start();
  void add(OfiPolled* polled);
  // When it returns the thread does not know it any more.
  void remove(OfiPolled* polled);
  // [any] Something is on its way: call it after pending() has become true. Cheap while the thread is awake.
  void wake();

 private:
  void run();
  bool round(std::vector<OfiNews>* news, bool* pending);
  void sleep(bool pending);
  bool anything_pending();

  OfiDevice& device_;
  UniqueFd event_;
  std::mutex mutex_;  // the list, and those in it while they are polled
  std::vector<OfiPolled*> polled_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  int quiet_ = 0;  // naps in a row without anything to do
  std::thread thread_;
};

}  // namespace hawser::port
