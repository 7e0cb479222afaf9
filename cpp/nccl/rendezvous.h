// How the two ends of a comm find each other: what stands in the handle that NCCL carries from one to the other.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "lane/listener.h"

namespace hawser::nccl {

// Where a listener is and what to prove there. It holds a secret: never print it.
struct Rendezvous {
  uint16_t port = 0;
  Ticket ticket{};
  std::vector<std::string> addresses;  // numeric; each one leads there, as long as its device is up

  // Into and out of kHandleBytes. Addresses that find no room, or are not numeric, are left out.
  void write_to(void* handle) const;
  static Status read(const void* handle, Rendezvous* out);
};

// The addresses at which the engine's own lanes can be met.
std::vector<std::string> meeting_addresses(Engine& engine);

// A link on its way to a listener, made by a thread of its own since NCCL's threads must not wait.
class Connecting {
 public:
  Connecting(Engine& engine, Rendezvous to);
  // Gives up; waits for a lane that is being connected just now, for ten seconds at the most.
  ~Connecting();

  // [any] Whether it has come to an end; then result() is there.
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  Status result(std::unique_ptr<Link>* out);

 private:
  Status run();
  Status reach(Nanos deadline, int* fd);
  bool keep_for_interruption(int fd);

  Engine& engine_;
  Rendezvous to_;
  std::mutex mutex_;
  bool given_up_ = false;
  UniqueFd bootstrap_;  // a second descriptor of the connection, to cut it with
  std::atomic<bool> finished_{false};
  Status status_;
  std::unique_ptr<Link> link_;
  std::thread thread_;
};

}  // namespace hawser::nccl
