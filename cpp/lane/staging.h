// GPU memory in the lanes: the bytes pass through slots of pinned host memory, and the copies between the two run on
// streams of the GPU while the network works on other chunks. Belongs to the driver, as the link does; nothing here
// blocks but what says so.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "lane/sliding_window.h"

namespace hawser {

// Pinned host memory for one chunk. Its copy is what a window waits for; the slot is its holder's until give_back().
struct StagingSlot : WindowEvent {
  bool completed() override { return !copying; }

  unsigned char* data = nullptr;
  uint64_t bytes = 0;
  uint64_t memory = 0;  // the lanes' registration of it, 0 for none
  uint64_t op = 0;      // the operation that the copy is for
  bool taken = false;
  bool copying = false;
  bool failed = false;   // the copy under way or the last one
  bool placing = false;  // no lane's: it is given back when its copy ends
  StagingSlot* next = nullptr;
};

// The slots and streams of one GPU for one link.
class Staging {
 public:
  enum class Way { kOut, kIn };  // from the GPU to a comm, from a comm to the GPU

  explicit Staging(int gpu) : gpu_(gpu) {}
  virtual ~Staging() = default;

  int gpu() const { return gpu_; }

  // *out is null when no slot is free: ask again after poll(). Slots have a chunk's size; for a peer with larger ones
  // they grow, which blocks once.
  Status take(Way way, uint64_t bytes, StagingSlot** out);
  // Starts a copy between the slot and memory of the GPU, for operation `op`. When it ends, it says so by completed().
  void fill(StagingSlot* slot, const void* device, uint64_t bytes, uint64_t op);
  void empty(StagingSlot* slot, void* device, uint64_t bytes, uint64_t op);
  // With a copy under way it becomes free when that ends.
  void give_back(StagingSlot* slot) { slot->taken = false; }

  // Copies from host memory, which is the caller's again at once; the copy is under way until touches() denies it.
  void place(uint64_t op, void* device, const void* from, uint64_t bytes);

  // Takes note of what has ended; whether anything has.
  bool poll();
  bool busy() const { return copies_ != 0 || !waiting_.empty(); }
  // Whether a copy for this operation is under way.
  bool touches(uint64_t op) const;
  // Whether a copy of place() for this operation has failed; asked once.
  bool take_failure(uint64_t op);
  // The first copy that failed, and why.
  const Status& failure() const { return failure_; }
  // [blocks] Polls until nothing is under way; false when that takes longer.
  bool drain(Nanos patience);

  // Where the slots of both ways lie, to be registered with the lanes; `memory` is the registration's number.
  virtual void* memory() const = 0;
  virtual uint64_t memory_bytes() const = 0;
  void registered(uint64_t memory);

 protected:
  enum class Progress { kRunning, kDone, kFailed };
  void add(Way way, StagingSlot* slot) { slots_[index(way)].push_back(slot); }

  // Starts a copy whose end query() tells. Copies of one way end in their order.
  virtual Status start(StagingSlot& slot, Way way, void* to, const void* from, uint64_t bytes) = 0;
  virtual Progress query(StagingSlot& slot, Status* why) = 0;
  virtual Status enlarge(StagingSlot& slot, uint64_t bytes) = 0;

 private:
  struct Waiting {
    uint64_t op;
    unsigned char* device;
    std::vector<unsigned char> bytes;
    uint64_t done;
  };
  struct Copies {
    StagingSlot* first = nullptr;
    StagingSlot* last = nullptr;
  };

  static size_t index(Way way) { return way == Way::kOut ? 0 : 1; }
  void copy(StagingSlot* slot, Way way, void* to, const void* from, uint64_t bytes, uint64_t op);
  void ended(StagingSlot* slot, bool failed);
  // As many bytes as slots are free for; how many that were.
  uint64_t place_some(uint64_t op, unsigned char* device, const unsigned char* from, uint64_t bytes);

  const int gpu_;
  std::array<std::vector<StagingSlot*>, 2> slots_;
  std::array<Copies, 2> under_way_;
  uint32_t copies_ = 0;
  std::deque<Waiting> waiting_;  // what place() found no slot for
  std::vector<uint64_t> failed_ops_;
  Status failure_;
};

// [blocks] `slots` for each way, of `bytes`.
Status make_staging(int gpu, uint32_t slots, uint64_t bytes, std::unique_ptr<Staging>* out);

}  // namespace hawser
