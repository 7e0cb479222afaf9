// What an unpack net device leaves behind: each receive in fragments of odd sizes, in any order, somewhere in a bounce
// buffer of the host or of GPU 0, and a queue that tells where.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "hawser_mem.h"
#include "net/nccl_abi.h"

namespace hawser::testing {

class Fragments {
 public:
  explicit Fragments(bool on_gpu) : on_gpu_(on_gpu), places_(on_gpu ? kPlacesOnGpu : nccl::kUnpackQueueDepth) {
    if (!on_gpu) {
      owned_queue_ = std::make_unique<nccl::UnpackQueue>();
      owned_bounce_ = std::make_unique_for_overwrite<char[]>(places_ * kPlaceBytes);
      device_ = {owned_queue_.get(), owned_bounce_.get(), ~uint64_t{0}};
      return;
    }
    void* queue = nullptr;
    void* bounce = nullptr;
    check(hawser_pinned_allocate(sizeof(nccl::UnpackQueue), &queue, nullptr));
    check(hawser_cuda_allocate(0, places_ * kPlaceBytes, &bounce, nullptr));
    check(hawser_cuda_allocate(0, sizeof(device_), &device_on_gpu_, nullptr));
    device_ = {static_cast<nccl::UnpackQueue*>(queue), bounce, ~uint64_t{0}};
    check(hawser_cuda_copy(0, device_on_gpu_, &device_, sizeof(device_), nullptr));
  }
  ~Fragments() {
    if (!on_gpu_) return;
    hawser_cuda_free(device_on_gpu_);
    hawser_cuda_free(device_.bounce);
    hawser_pinned_free(device_.queue);
  }
  Fragments(const Fragments&) = delete;
  Fragments& operator=(const Fragments&) = delete;

  // Where a kernel reads it, when there is one.
  void* device() { return on_gpu_ ? device_on_gpu_ : &device_; }
  int failed_copies() const { return failed_copies_; }

  // A place for one receive more; false when all are taken.
  bool reserve(size_t bytes) {
    if (bytes > nccl::kUnpackMaxBytes || reserved_ - consumed_ == places_) return false;
    ++reserved_;
    return true;
  }

  void scatter(const char* data, size_t bytes, bool garble) {
    const size_t slot = scattered_ % nccl::kUnpackQueueDepth;
    const size_t place = scattered_++ % places_;
    nccl::UnpackFragment* fragments = device_.queue->fragments[slot];
    // Twice the average at most, so that the places do not run out but by a rare chance.
    const size_t average = std::max<size_t>(700, bytes / (nccl::kUnpackMaxFragments * 3 / 4));
    size_t count = 0;
    size_t source = 0;
    for (size_t target = 0; target < bytes;) {
      const size_t rest = bytes - target;
      const bool last = count + 1 == nccl::kUnpackMaxFragments;
      const size_t length = last ? rest : std::min<size_t>(rest, 1 + random_() % (2 * average));
      source += random_() % 16;
      std::memcpy(image_.data() + source, data + target, length);
      fragments[count++] = {static_cast<uint32_t>(place * kPlaceBytes + source), static_cast<uint32_t>(length), target};
      source += length;
      target += length;
    }
    write(place, source);
    std::shuffle(fragments, fragments + count, random_);
    if (garble && count > 0) fragments[count / 2].target += bytes;
    device_.queue->count[slot] = count;
  }

  // The oldest is in its place; whoever still reads its fragments reads garbage.
  void consume() {
    const size_t slot = consumed_ % nccl::kUnpackQueueDepth;
    const size_t place = consumed_++ % places_;
    uint64_t end = 0;
    for (size_t i = 0; i < device_.queue->count[slot]; ++i) {
      const nccl::UnpackFragment& fragment = device_.queue->fragments[slot][i];
      end = std::max(end, uint64_t{fragment.source} + fragment.bytes - place * kPlaceBytes);
    }
    std::memset(image_.data(), 0xdd, end);
    write(place, end);
    device_.queue->count[slot] = ~uint64_t{0};
  }

 private:
  static constexpr size_t kPlaceBytes = nccl::kUnpackMaxBytes + 16 * nccl::kUnpackMaxFragments;
  static constexpr size_t kPlacesOnGpu = 2;  // its memory is zeroed, which takes time

  void check(int32_t code) {
    if (code != HAWSER_OK) ++failed_copies_;
  }
  void write(size_t place, size_t bytes) {
    if (bytes == 0) return;
    char* at = static_cast<char*>(device_.bounce) + place * kPlaceBytes;
    if (on_gpu_) {
      check(hawser_cuda_copy(0, at, image_.data(), bytes, nullptr));
    } else {
      std::memcpy(at, image_.data(), bytes);
    }
  }

  const bool on_gpu_;
  const size_t places_;
  std::unique_ptr<nccl::UnpackQueue> owned_queue_;
  std::unique_ptr<char[]> owned_bounce_;
  nccl::UnpackDevice device_{};
  void* device_on_gpu_ = nullptr;
  std::vector<char> image_ = std::vector<char>(kPlaceBytes);  // of a place
  int failed_copies_ = 0;
  std::mt19937 random_{7};
  uint64_t reserved_ = 0;
  uint64_t scattered_ = 0;
  uint64_t consumed_ = 0;
};

}  // namespace hawser::testing
