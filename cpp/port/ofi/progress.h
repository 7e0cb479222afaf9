// What makes an OFI device move bytes. Software providers do so only while somebody reads their completion queues, on
// the side that is written to as well: whoever waits for the device does, or else a thread of its own. What the queues
// tell is taken to the connections. Whoever drives looks without pause while something is on its way, then sleeps until
// a descriptor is ready or, where none tells, for short naps that grow while nothing happens.
#pragma once

#include <poll.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "port/lead.h"
#include "port/ofi/device.h"

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
  virtual OfiEnd& end() = 0;
  // Whether something is on its way.
  virtual bool pending() const = 0;
  // [who drives] Reads the completion queue; returns whether there was anything in it.
  virtual bool poll(std::vector<OfiNews>* news) = 0;
};

class OfiProgress {
 public:
  explicit OfiProgress(OfiDevice& device) : device_(device) {}
  ~OfiProgress();

  Status start();
  void add(OfiPolled* polled);
  // When it returns nobody who drives knows it any more.
  void remove(OfiPolled* polled);
  // [any] Lives while the caller hands something to the provider: it moves bytes there, and the thread does not compete
  // with it.
  class Use {
   public:
    explicit Use(OfiProgress& progress) : uses_(progress.uses_) { uses_.fetch_add(1, std::memory_order_relaxed); }
    ~Use() { uses_.fetch_sub(1, std::memory_order_relaxed); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    std::atomic<int>& uses_;
  };
  // [any] After each use, by which something may have come that another waits for; `pending` tells whether something is
  // on its way, so that somebody must drive. Cheap while nobody sleeps.
  void wake(bool pending);
  // [any, blocks] Whether what is awaited has come; the caller drives the device as long as nobody else does.
  bool await(const Awaited& awaited);

 private:
  // One who may sleep until the device has something to do.
  struct Sleeper {
    UniqueFd event;
    std::atomic<bool> asleep{false};
    std::vector<pollfd> watched;
    int quiet = 0;      // naps in a row without anything to do
    Nanos spin = 0;     // how long it goes on before it sleeps
    Nanos active = 0;   // when something happened last
    Nanos look_at = 0;  // the descriptors tell what happened in the mailbox: when to ask them next

    Status open();
    void wake();
  };

  void run();
  bool stays_away(int* times) const;
  void lead(const Awaited& awaited);
  bool round(bool* pending);
  bool poll(bool* pending);
  void rest(Sleeper& sleeper, bool moved, bool pending, const Awaited* awaited);
  bool look_or_sleep(Sleeper& sleeper, bool pending, Nanos longest, const Awaited* awaited);
  bool watch(Sleeper& sleeper, bool* told);
  bool anything_pending();

  OfiDevice& device_;
  Lead lead_;
  std::mutex mutex_;  // the list, and those in it while they are polled
  std::vector<OfiPolled*> polled_;
  std::vector<OfiNews> news_;  // of who leads
  Sleeper waiting_;            // who leads because it waits
  Sleeper idle_;               // the thread
  std::atomic<int> uses_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace hawser::port
