#include "net/socket/zero_copy.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace hawser {
namespace {

// Below this, pinning pages and reading a notification cost more than the copy.
constexpr size_t kWorthwhile = 128 * 1024;
constexpr uint32_t kProbes = 8;

}  // namespace

ZeroCopy::ZeroCopy(int fd, uint32_t mode) : probing_(mode == HAWSER_AUTO) {
  const int on = 1;
  active_ = mode != HAWSER_OFF && setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) == 0;
}

bool ZeroCopy::wants(size_t bytes) const {
  return active_ && bytes >= kWorthwhile && calls_[next_ % kCalls] == nullptr;
}

void ZeroCopy::sent(SocketRequest* request) {
  calls_[next_++ % kCalls] = request;
  ++request->pending;
  ++request->zerocopies;
  ++outstanding_;
}

void ZeroCopy::reap(int fd) {
  while (outstanding_ > 0) {
    alignas(cmsghdr) std::array<char, 128> control;
    msghdr message{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      const bool is_error = (part->cmsg_level == SOL_IP && part->cmsg_type == IP_RECVERR) ||
                            (part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_RECVERR);
      if (!is_error) continue;
      const auto* error = reinterpret_cast<const sock_extended_err*>(CMSG_DATA(part));
      if (error->ee_origin != SO_EE_ORIGIN_ZEROCOPY) continue;
      complete(error->ee_info, error->ee_data, (error->ee_code & SO_EE_CODE_ZEROCOPY_COPIED) != 0);
    }
  }
}

void ZeroCopy::complete(uint32_t first, uint32_t last, bool copied) {
  for (uint32_t call = first;; ++call) {
    if (SocketRequest*& request = calls_[call % kCalls]; request != nullptr) {
      --request->pending;
      --request->zerocopies;
      --outstanding_;
      request = nullptr;
    }
    if (call == last) break;
  }
  if (!probing_) return;
  if (!copied) {
    probing_ = false;
    return;
  }
  probed_ += last - first + 1;
  if (probed_ >= kProbes) {
    probing_ = false;
    active_ = false;
  }
}

}  // namespace hawser
