// The memories of this process that Tcp peers may write to. Any thread.
#pragma once

#include <mutex>
#include <unordered_map>

#include "base/status.h"
#include "port/tcp/wire.h"

namespace hawser::port {

class TcpMemories {
 public:
  // Writes the key that peers must show.
  Status add(uint64_t number, void* address, uint64_t bytes, uint64_t* key);
  // No write begins after this. True: some are under way, which the driver must end before the memory goes.
  bool remove(uint64_t number);

  // Where a peer's record points, when [offset, offset + bytes) lies in a memory that lives and the key is its own.
  // `use` is called with that address; the memory stays while it runs.
  template <typename Use>
  Status use(const tcp::Record& record, uint64_t bytes, Use&& use) {
    const std::scoped_lock lock(mutex_);
    unsigned char* at = nullptr;
    if (Status status = find(record, bytes, &at); !status.ok()) return status;
    use(at);
    return {};
  }

  // A write that goes on after this; the memory's remove() tells of it until end_landing().
  Status begin_landing(const tcp::Record& record, unsigned char** at);
  void end_landing(uint64_t number);

 private:
  struct Place {
    unsigned char* address = nullptr;
    uint64_t bytes = 0;
    uint64_t key = 0;
    uint64_t landings = 0;
  };
  Status find(const tcp::Record& record, uint64_t bytes, unsigned char** at) const;

  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Place> places_;
};

}  // namespace hawser::port
