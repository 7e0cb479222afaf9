// A connection by RDMA writes: an endpoint of libfabric with a queue of its own, a queue pair where that is what the
// provider makes of it.
#pragma once

#include <rdma/fi_endpoint.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "port/connection.h"
#include "port/near.h"
#include "port/ofi/progress.h"

namespace hawser::port {

// A memory of this process. The mutex keeps the registration open while an operation is handed over with it.
class OfiLocal : public Registration {
 public:
  OfiLocal(OfiRegion region, std::unique_ptr<NearOwn> life) : region_(std::move(region)), life_(std::move(life)) {}
  void end() override {
    life_->end();
    const std::scoped_lock lock(mutex);
    region_.mr.reset();
  }
  // [under the mutex]
  bool open() const { return region_.mr != nullptr; }
  void* descriptor() const { return region_.descriptor; }

  std::mutex mutex;

 private:
  OfiRegion region_;
  std::unique_ptr<NearOwn> life_;
};

// A peer's memory, as its provider named it. Not all providers refuse a key whose registration was closed: of a memory
// on this host the board tells whether it lives.
class OfiRemote : public Registration {
 public:
  OfiRemote(std::string by_provider, uint64_t by_base, uint64_t by_key, std::unique_ptr<NearPeer> life)
      : provider(std::move(by_provider)), base(by_base), key(by_key), life_(std::move(life)) {}
  bool lives() const { return life_ == nullptr || life_->lives(); }
  const std::string provider;
  const uint64_t base;
  const uint64_t key;

 private:
  std::unique_ptr<NearPeer> life_;  // null: on another machine
};

// Where a connection's operations go.
struct OfiPeer {
  fi_addr_t address = FI_ADDR_UNSPEC;
  uint32_t transport = 0;   // the peer's own: devices may differ
  uint64_t fence_base = 0;  // its fence cell
  uint64_t fence_key = 0;
};

// One operation that the provider was given and has not completed. Lies at one place while it is under way.
struct OfiOperation {
  fi_context2 room{};  // the provider's, where it asks for some; first, as it is what completions name
  uint64_t value = 0;  // kSignal: is written from here; kFence: is read to here
  uint64_t mark = 0;   // kFence
  Work::Kind kind = Work::Kind::kPut;
  std::shared_ptr<Memory> destination;  // both for messages, and kept; of a fence: those of the put before it
  std::shared_ptr<Memory> source;
};

struct OfiLimits {
  size_t in_flight = 0;
  size_t read_at_once = 0;  // completions
};

class OfiConnection : public Connection, public OfiPolled {
 public:
  OfiConnection(Context& context, uint32_t transport, std::unique_ptr<Control> control, OfiDevice& device,
                OfiProgress& progress, OfiEnd end, const OfiPeer& peer, const OfiLimits& limits);
  ~OfiConnection() override;

  // [once, first] Registers what the operations are written from, and asks the peer's NIC for a word: when it returns,
  // the provider has its connection.
  Status establish(Nanos deadline);

  // The provider copies no more than it can at once, and the progress thread pumps when there is room.
  bool posts_without_copying() const override { return true; }
  bool rings() const override { return false; }
  uint32_t peer_transport() const override { return peer_.transport; }

  OfiEnd& end() override { return end_; }
  bool pending() const override {
    return in_flight_.load(std::memory_order_relaxed) != 0 || wants_room_.load(std::memory_order_relaxed);
  }
  bool poll(std::vector<OfiNews>* news) override;

 protected:
  bool await(const Awaited& awaited, Nanos spin, bool rung) override;
  bool advance(Work& work) override;
  void stop() override;

 private:
  // All under mutex_. Of hand-overs: true, the provider has it whole or `why` says why it never will.
  bool hand_over(Work& work, Status* why);
  bool put(Work& work, Status* why);
  bool signal(const Work& work, Status* why);
  bool fence(const Work& work, Status* why);
  bool read_fence(uint64_t mark, Status* why);
  ssize_t write(OfiOperation* operation, const void* from, uint64_t bytes, void* descriptor, const OfiRemote& to,
                uint64_t offset);
  bool taken(OfiOperation* operation, ssize_t returned, Status* why);
  const OfiRemote* remote(const Work& work, Status* why) const;
  OfiOperation* take_operation();
  void give_operation(OfiOperation* operation);
  size_t read_completions(Status* why);
  Status completion_error();
  std::string name_of(const OfiOperation& operation) const;

  OfiDevice& device_;
  OfiProgress& progress_;
  std::mutex mutex_;  // all below; taken after the connection's lock
  OfiEnd end_;
  OfiPeer peer_;
  std::vector<OfiOperation> operations_;
  OfiRegion operations_region_;
  std::vector<OfiOperation*> free_;
  std::vector<fi_cq_entry> completions_;
  uint64_t highest_mark_ = 0;
  // Of the last put. A provider may find out that the peer refuses it only when something later fails.
  std::shared_ptr<Memory> last_destination_;
  std::shared_ptr<Memory> last_source_;
  bool stopped_ = false;
  std::atomic<size_t> in_flight_{0};
  std::atomic<bool> wants_room_{false};
};

}  // namespace hawser::port
