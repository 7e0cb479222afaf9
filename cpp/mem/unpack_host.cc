#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "mem/crew.h"
#include "mem/streaming_copy.h"
#include "mem/unpack.h"

namespace hawser {

namespace {

// What a thread takes at a time: large against the taking, small against a thread that is late.
constexpr uint64_t kSpan = 128 << 10;
// From here on a batch does not stay in a core's own caches until somebody reads it.
constexpr uint64_t kStreaming = 1 << 20;

uint32_t usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<uint32_t>(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());  // more cores than the set has room for
}

// One batch, dealt out in spans of its bytes as they lie one behind the other, so that few long fragments are shared
// among threads as evenly as many short ones.
class Scatter {
 public:
  explicit Scatter(const hawser_unpack_batch& batch) : batch_(batch), total_(bytes_of(batch)) {}
  uint64_t total() const { return total_; }

  void operator()() {
    Cursor cursor;
    // Relaxed: spans are told apart, nothing is passed on.
    for (uint64_t begin; (begin = next_.fetch_add(kSpan, std::memory_order_relaxed)) < total_;) {
      copy(begin, std::min(begin + kSpan, total_), &cursor);
    }
    if (total_ >= kStreaming) streaming_fence();
  }

 private:
  struct Cursor {
    uint32_t index = 0;
    uint64_t before = 0;  // bytes of all descriptors before this one
  };

  // Spans come in ascending order to each thread.
  void copy(uint64_t begin, uint64_t end, Cursor* cursor) const {
    while (begin < end) {
      while (cursor->before + batch_.descriptors[cursor->index].len <= begin) {
        cursor->before += batch_.descriptors[cursor->index++].len;
      }
      const hawser_unpack_descriptor& it = batch_.descriptors[cursor->index];
      const uint64_t skipped = begin - cursor->before;
      const uint64_t bytes = std::min(it.len - skipped, end - begin);
      const bool ends = skipped + bytes == it.len && cursor->index + 1 < batch_.count;
      const uint64_t next = ends ? batch_.descriptors[cursor->index + 1].src_off : it.src_off + skipped + bytes;
      copy_fragment(it.dst_off + skipped, it.src_off + skipped, bytes, next);
      begin += bytes;
    }
  }

  // `next` is the offset of what is copied after it.
  void copy_fragment(uint64_t to, uint64_t from, uint64_t bytes, uint64_t next) const {
    auto* destination = static_cast<unsigned char*>(batch_.destination) + to;
    const auto* source = static_cast<const unsigned char*>(batch_.source) + from;
    if (total_ < kStreaming) {
      std::memcpy(destination, source, bytes);
    } else {
      streaming_copy(destination, source, bytes, static_cast<const unsigned char*>(batch_.source) + next);
    }
  }

  const hawser_unpack_batch& batch_;
  const uint64_t total_;
  alignas(64) std::atomic<uint64_t> next_{0};
};

// One copy, a part a thread.
class PlainCopy {
 public:
  PlainCopy(void* to, const void* from, uint64_t bytes, uint64_t part)
      : to_(to), from_(from), bytes_(bytes), part_(part) {}

  void operator()() {
    for (uint64_t begin; (begin = next_.fetch_add(part_, std::memory_order_relaxed)) < bytes_;) {
      std::memcpy(static_cast<unsigned char*>(to_) + begin, static_cast<const unsigned char*>(from_) + begin,
                  std::min(part_, bytes_ - begin));
    }
  }

 private:
  void* to_;
  const void* from_;
  uint64_t bytes_;
  uint64_t part_;
  std::atomic<uint64_t> next_{0};
};

// Does what it is told before it returns.
class HostUnpacker : public Unpacker {
 public:
  Status open(uint32_t threads) { return crew_.start(threads == 0 ? usable_cores() : threads); }

  Status plain_copy(void* to, const void* from, uint64_t bytes, Nanos, uint64_t* ticket) override {
    const uint64_t threads = crew_.threads();
    PlainCopy job(to, from, bytes, std::max<uint64_t>(1, (bytes + threads - 1) / threads));
    run(job, bytes);
    *ticket = ++done_;
    return {};
  }

  Status completed(uint64_t ticket, bool* out) override {
    *out = ticket <= done_;
    return {};
  }

 protected:
  Status execute(const hawser_unpack_batch& batch, Nanos, uint64_t* ticket) override {
    Scatter job(batch);
    run(job, job.total());
    *ticket = ++done_;
    return {};
  }

 private:
  template <typename Job>
  void run(Job& job, uint64_t bytes) {
    // What one thread does while another wakes up is left to it.
    if (bytes <= kSpan) {
      job();
    } else {
      crew_.run(job);
    }
  }

  Crew crew_;
  uint64_t done_ = 0;
};

}  // namespace

Status make_host_unpacker(uint32_t threads, std::unique_ptr<Unpacker>* out) {
  auto made = std::make_unique<HostUnpacker>();
  Status status = made->open(threads);
  if (status.ok()) *out = std::move(made);
  return status;
}

}  // namespace hawser
