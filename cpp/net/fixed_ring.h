// What the transports keep their requests and pieces in.
#pragma once

#include <array>
#include <cstdint>

namespace hawser {

// First in, first out, without allocation; elements keep their address. `N` is a power of two.
template <typename T, uint32_t N>
class FixedRing {
 public:
  uint32_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  bool full() const { return size() == N; }
  T& front() { return at(0); }
  T& back() { return at(size() - 1); }
  T& at(uint32_t index) { return items_[(head_ + index) & (N - 1)]; }
  // The new last element, as it was left when it was last used.
  T& push() { return items_[tail_++ & (N - 1)]; }
  void pop() { ++head_; }

 private:
  static_assert((N & (N - 1)) == 0);
  std::array<T, N> items_{};
  uint32_t head_ = 0;
  uint32_t tail_ = 0;
};

}  // namespace hawser
