#include "net/features.h"

#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include "base/crc32c.h"
#include "base/unique_fd.h"

namespace hawser {
namespace {

// Numbers of the kernel's ABI that older headers lack.
constexpr size_t kIoUringSendZeroCopy = 47;
constexpr int kProtocolMptcp = 262;

class JsonObject {
 public:
  void add(const std::string& name, bool value) { add_raw(name, value ? "true" : "false"); }
  // `value` comes from the kernel or from us: names and versions, no characters to escape.
  void add(const std::string& name, const std::string& value) { add_raw(name, '"' + value + '"'); }
  std::string text() const { return "{" + members_ + "}"; }

 private:
  void add_raw(const std::string& name, const std::string& value) {
    members_ += (members_.empty() ? "\"" : ",\"") + name + "\":" + value;
  }
  std::string members_;
};

UniqueFd tcp_socket(int protocol = IPPROTO_TCP) {
  return UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol));
}

bool has_option(int level, int name, int value) {
  const UniqueFd fd = tcp_socket();
  return setsockopt(fd.get(), level, name, &value, sizeof value) == 0;
}

bool may_bind_to_device() {
  const UniqueFd fd = tcp_socket();
  constexpr std::array<char, 3> kLoopback = {'l', 'o', '\0'};
  return setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, kLoopback.data(), kLoopback.size()) == 0;
}

bool has_epoll_pwait2() {
#if defined(SYS_epoll_pwait2)
  const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  const timespec at_once{};
  return syscall(SYS_epoll_pwait2, epoll.get(), &event, 1, &at_once, nullptr, size_t{0}) == 0;
#else
  return false;
#endif
}

// Records of TLS may be made by the kernel: it knows the protocol, and says that there must be a connection first.
bool has_kernel_tls() {
  const UniqueFd fd = tcp_socket();
  constexpr std::array<char, 4> kTls = {'t', 'l', 's', '\0'};
  return setsockopt(fd.get(), IPPROTO_TCP, TCP_ULP, kTls.data(), kTls.size()) != 0 && errno == ENOTCONN;
}

std::string congestion_control() {
  const UniqueFd fd = tcp_socket();
  std::array<char, 32> name{};
  socklen_t length = name.size() - 1;
  if (getsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) != 0) return {};
  return name.data();
}

void add_io_uring(JsonObject* json) {
  io_uring_params parameters{};
  const UniqueFd ring(static_cast<int>(syscall(SYS_io_uring_setup, 4, &parameters)));
  constexpr size_t kOperations = 256;
  alignas(io_uring_probe) std::array<char, sizeof(io_uring_probe) + kOperations * sizeof(io_uring_probe_op)> room{};
  const bool probed =
      ring.valid() && syscall(SYS_io_uring_register, ring.get(), IORING_REGISTER_PROBE, room.data(), kOperations) == 0;
  const auto* probe = reinterpret_cast<const io_uring_probe*>(room.data());
  const bool known = probed && probe->last_op >= kIoUringSendZeroCopy;
  json->add("io_uring", ring.valid());
  json->add("io_uring_send_zc", known && (probe->ops[kIoUringSendZeroCopy].flags & IO_URING_OP_SUPPORTED) != 0);
}

}  // namespace

std::string features_json() {
  JsonObject json;
  utsname kernel{};
  uname(&kernel);
  json.add("kernel", std::string(kernel.release));
  json.add("machine", std::string(kernel.machine));
  json.add("epoll_pwait2", has_epoll_pwait2());
  add_io_uring(&json);
  json.add("msg_zerocopy", has_option(SOL_SOCKET, SO_ZEROCOPY, 1));
  json.add("tcp_notsent_lowat", has_option(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 128 * 1024));
  json.add("so_bindtodevice", may_bind_to_device());
  json.add("kernel_tls", has_kernel_tls());
  json.add("mptcp", tcp_socket(kProtocolMptcp).valid());
  json.add("congestion_control", congestion_control());
  json.add("crc32c", std::string(crc32c_backends().front().name));
  return json.text();
}

}  // namespace hawser
