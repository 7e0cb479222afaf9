// The requests of a socket comm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/fixed_ring.h"
#include "net/socket/wire.h"
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

}  // namespace hawser
