// The requests of a socket comm and the fixed rings that hold them and their pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/socket_wire.h"
#include "net/transport.h"

namespace hawser {

constexpr uint32_t kRequestsPerDirection = 64;

struct SocketRequest : Request {
  std::byte* data = nullptr;  // a receive's; null: what arrives is dropped
  size_t bytes = 0;           // a receive's capacity until its frame has come, then the message's length
  uint32_t pending = 0;       // pieces and zero-copy notifications that are still to come
  uint32_t zerocopies = 0;    // the latter among them
  bool sending = false;
  FrameWire frame{};                  // a send's
  std::unique_ptr<std::byte[]> copy;  // of a detached send
};

// First in, first out, without allocation; elements keep their address. `N` is a power of two.
template <typename T, uint32_t N>
class FixedRing {
 public:
  uint32_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  bool full() const { return size() == N; }
  T& front() { return at(0); }
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
