// Brings fragments to their place, by one of three executors; hawser_mem.h says what each of them is and when a batch
// is refused. For one thread at a time, but for what is said otherwise.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/status.h"
#include "base/window_event.h"
#include "hawser_mem.h"
#include "mem/unpack_check.h"

namespace hawser {

class Unpacker {
 public:
  // [any] As hawser_unpacker_open.
  static Status open(uint32_t executor, int device, uint32_t threads, std::unique_ptr<Unpacker>* out);
  virtual ~Unpacker() = default;

  // Checks the batch and starts it. HAWSER_TIMEOUT: HAWSER_UNPACK_WINDOW batches were under way until the deadline.
  Status start(const hawser_unpack_batch& batch, Nanos deadline, uint64_t* ticket);
  // Plain copy by the same means; the areas do not overlap.
  virtual Status plain_copy(void* to, const void* from, uint64_t bytes, Nanos deadline, uint64_t* ticket) = 0;

  // Whether the batch of the ticket and all before it are complete; an error when one of them failed. Does not block.
  virtual Status completed(uint64_t ticket, bool* out) = 0;
  // [blocks] Until they are.
  Status wait(uint64_t ticket, Nanos deadline);

 protected:
  // A batch that was checked.
  virtual Status execute(const hawser_unpack_batch& batch, Nanos deadline, uint64_t* ticket) = 0;

 private:
  UnpackCheck check_;
};

// A batch under way, for a slot of a sliding window: the slot is free when the batch has come to an end.
class UnpackEvent : public WindowEvent {
 public:
  void watch(Unpacker* unpacker, uint64_t ticket) {
    unpacker_ = unpacker;
    ticket_ = ticket;
    status_ = Status();
  }
  bool completed() override {
    bool done = false;
    status_ = unpacker_->completed(ticket_, &done);
    return done || !status_.ok();
  }
  // OK, or why the batch that is complete failed.
  const Status& status() const { return status_; }

 private:
  Unpacker* unpacker_ = nullptr;
  uint64_t ticket_ = 0;
  Status status_;
};

// What open() chooses from.
Status make_host_unpacker(uint32_t threads, std::unique_ptr<Unpacker>* out);
Status make_cuda_unpacker(uint32_t executor, int device, std::unique_ptr<Unpacker>* out);

}  // namespace hawser
