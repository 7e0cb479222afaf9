// MSG_ZEROCOPY of one TCP socket: which sends use it, and which requests the kernel still reads from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/socket/request.h"

namespace hawser {

class ZeroCopy {
 public:
  // `mode` is a hawser_tristate. Auto uses it until the first completions tell that the device copied all the same.
  ZeroCopy(int fd, uint32_t mode);

  // Whether a piece of `bytes` goes without a copy.
  bool wants(size_t bytes) const;

  // One sendmsg with MSG_ZEROCOPY took bytes of `request`.
  void sent(SocketRequest* request);

  // Reads the kernel's notifications from the socket's error queue.
  void reap(int fd);

  bool outstanding() const { return outstanding_ > 0; }

 private:
  void complete(uint32_t first, uint32_t last, bool copied);

  // Notifications name calls by a counter; a call's request is found at counter mod size.
  static constexpr uint32_t kCalls = 256;
  std::array<SocketRequest*, kCalls> calls_{};
  uint32_t next_ = 0;
  uint32_t outstanding_ = 0;
  uint32_t probed_ = 0;
  bool active_ = false;
  bool probing_ = false;
};

}  // namespace hawser
