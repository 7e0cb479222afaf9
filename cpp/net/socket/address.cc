#include "net/socket/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstring>
#include <memory>

namespace hawser {
namespace {

// What may wait unsent in a lane's socket: half a millisecond of a 2 Gbit wire, little enough that a slow lane hoards
// nothing, and more than one wake-up of the driver costs.
constexpr int kUnsentBytes = 128 * 1024;
constexpr int kKeepaliveIdleSeconds = 5;
constexpr int kKeepaliveIntervalSeconds = 1;
constexpr int kKeepaliveProbes = 5;

// Options are wishes: a kernel that lacks one still carries bytes.
void wish(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

const sockaddr_in& v4(const sockaddr* address) { return *reinterpret_cast<const sockaddr_in*>(address); }
const sockaddr_in6& v6(const sockaddr* address) { return *reinterpret_cast<const sockaddr_in6*>(address); }

}  // namespace

SocketAddress SocketAddress::parse(const std::string& numeric, uint16_t port) {
  std::array<unsigned char, 16> bytes{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, numeric.c_str(), bytes.data()) == 1) return from_bytes(family, bytes.data(), port);
  }
  return {};
}

SocketAddress SocketAddress::from_bytes(int family, const unsigned char* bytes, uint16_t port) {
  SocketAddress address;
  if (family == AF_INET) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&four.sin_addr, bytes, sizeof four.sin_addr);
    std::memcpy(&address.storage, &four, sizeof four);
    address.length = sizeof four;
  } else {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    std::memcpy(&six.sin6_addr, bytes, sizeof six.sin6_addr);
    std::memcpy(&address.storage, &six, sizeof six);
    address.length = sizeof six;
  }
  return address;
}

SocketAddress SocketAddress::local_of(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  getsockname(fd, address.get(), &address.length);
  return address;
}

SocketAddress SocketAddress::peer_of(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  getpeername(fd, address.get(), &address.length);
  return address;
}

uint16_t SocketAddress::port() const { return ntohs(family() == AF_INET ? v4(get()).sin_port : v6(get()).sin6_port); }

const unsigned char* SocketAddress::bytes() const {
  const void* start = family() == AF_INET ? static_cast<const void*>(&v4(get()).sin_addr) : &v6(get()).sin6_addr;
  return static_cast<const unsigned char*>(start);
}

size_t SocketAddress::byte_count() const { return family() == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }

std::string SocketAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> numeric{};
  if (length == 0 || inet_ntop(family(), bytes(), numeric.data(), numeric.size()) == nullptr) return "unknown";
  const std::string host = family() == AF_INET ? numeric.data() : "[" + std::string(numeric.data()) + "]";
  return host + ":" + std::to_string(port());
}

bool SocketAddress::is_local() const {
  if (family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6(get()).sin6_addr)) {
    // As a socket for both families tells of a peer that came by IPv4.
    return from_bytes(AF_INET, bytes() + sizeof(in6_addr) - sizeof(in_addr), port()).is_local();
  }
  if (family() == AF_INET && bytes()[0] == IN_LOOPBACKNET) return true;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != family()) continue;
    const void* own =
        family() == AF_INET ? static_cast<const void*>(&v4(entry->ifa_addr).sin_addr) : &v6(entry->ifa_addr).sin6_addr;
    if (std::memcmp(own, bytes(), byte_count()) == 0) return true;
  }
  return false;
}

Status make_tcp_socket(int family, UniqueFd* out) {
  *out = UniqueFd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!out->valid()) return Status::from_errno(HAWSER_IO, "cannot make a TCP socket (see ulimit -n)");
  return {};
}

// No TCP_USER_TIMEOUT: it counts the time that a peer's window is closed as well, and would end the lanes of a peer
// that computes for longer between two receives. Comm::check_alive finds who is silent, keepalive who is gone while
// idle.
void tune_tcp_socket(int fd) {
  wish(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  wish(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
  wish(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  wish(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdleSeconds);
  wish(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalSeconds);
  wish(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
}

void bind_to_device(int fd, const std::string& device) {
  setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), static_cast<socklen_t>(device.size()));
}

}  // namespace hawser
