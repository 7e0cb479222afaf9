#include "nccl/rendezvous.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include "lane/bootstrap.h"
#include "net/devices.h"
#include "net/nccl_abi.h"

namespace hawser::nccl {

namespace {

constexpr uint32_t kMagic = 0x434e5748;  // "HWNC"
constexpr uint16_t kVersion = 1;
constexpr size_t kAddresses = 6;
constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // IPv4 within IPv6

// Whoever gave the handle listens already: it is there, or it has gone.
constexpr Nanos kReach = 10 * kSecond;
// But it accepts when its NCCL asks it to, which may be after a long set-up elsewhere.
constexpr Nanos kPatience = 120 * kSecond;
// How long one address is tried before the next.
constexpr Nanos kTrial = kSecond;

// Little-endian, as all that Hawser sends (see lane/wire.h).
struct HandleLayout {
  uint32_t magic;
  uint16_t version;
  uint16_t port;
  uint64_t ticket[2];
  uint32_t addresses;
  uint32_t reserved;
  unsigned char address[kAddresses][16];
};
static_assert(sizeof(HandleLayout) == kHandleBytes);

bool to_bytes(const std::string& numeric, unsigned char (&out)[16]) {
  if (inet_pton(AF_INET6, numeric.c_str(), out) == 1) return true;
  std::copy(kMapped.begin(), kMapped.end(), out);
  return inet_pton(AF_INET, numeric.c_str(), out + kMapped.size()) == 1;
}

std::string to_text(const unsigned char (&bytes)[16]) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool four = std::equal(kMapped.begin(), kMapped.end(), bytes);
  inet_ntop(four ? AF_INET : AF_INET6, four ? bytes + kMapped.size() : bytes, text.data(), text.size());
  return text.data();
}

void add(std::vector<std::string>& addresses, const std::string& address) {
  const bool known = std::find(addresses.begin(), addresses.end(), address) != addresses.end();
  if (!address.empty() && !known) addresses.push_back(address);
}

}  // namespace

void Rendezvous::write_to(void* handle) const {
  HandleLayout layout{};
  layout.magic = kMagic;
  layout.version = kVersion;
  layout.port = port;
  std::copy(ticket.begin(), ticket.end(), layout.ticket);
  for (const std::string& address : addresses) {
    if (layout.addresses < kAddresses && to_bytes(address, layout.address[layout.addresses])) ++layout.addresses;
  }
  std::memcpy(handle, &layout, sizeof layout);
}

Status Rendezvous::read(const void* handle, Rendezvous* out) {
  HandleLayout layout;
  std::memcpy(&layout, handle, sizeof layout);
  if (layout.magic != kMagic) {
    return {HAWSER_INVALID_ARGUMENT, "the peer's handle is not Hawser's: its NCCL uses another network plugin"};
  }
  if (layout.version != kVersion || layout.addresses == 0 || layout.addresses > kAddresses) {
    return {HAWSER_VERSION_MISMATCH,
            "the peer's handle is of another release of Hawser: load the same libnccl-net-hawser.so on all hosts"};
  }
  out->port = layout.port;
  std::copy_n(layout.ticket, out->ticket.size(), out->ticket.begin());
  out->addresses.clear();
  for (uint32_t i = 0; i < layout.addresses; ++i) out->addresses.push_back(to_text(layout.address[i]));
  return {};
}

std::vector<std::string> meeting_addresses(Engine& engine) {
  std::vector<std::string> addresses;
  for (const int lane : engine.lanes()) {
    add(addresses, engine.transport().devices()[static_cast<size_t>(lane)].address);
  }
  if (!addresses.empty()) return addresses;
  // A network whose devices have no addresses: its hosts meet over what else they have.
  for (const DeviceProperties& device : list_devices()) {
    if (device.up) add(addresses, device.address);
  }
  return addresses;
}

Connecting::Connecting(Engine& engine, Rendezvous to) : engine_(engine), to_(std::move(to)) {
  thread_ = std::thread([this] {
    try {
      status_ = run();
    } catch (const std::exception& failure) {
      status_ = {HAWSER_INTERNAL, failure.what()};
    }
    // Release: whoever sees it sees the result.
    finished_.store(true, std::memory_order_release);
  });
}

Connecting::~Connecting() {
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
    if (bootstrap_.valid()) ::shutdown(bootstrap_.get(), SHUT_RDWR);
  }
  thread_.join();
}

Status Connecting::result(std::unique_ptr<Link>* out) {
  *out = std::move(link_);
  return status_;
}

bool Connecting::keep_for_interruption(int fd) {
  const std::lock_guard lock(mutex_);
  bootstrap_ = UniqueFd(::dup(fd));
  return !given_up_;
}

Status Connecting::reach(Nanos deadline, int* fd) {
  Status status;
  for (size_t i = 0;; ++i) {
    {
      const std::lock_guard lock(mutex_);
      if (given_up_) return {HAWSER_CANCELLED, "the connection was given up"};
    }
    const std::string& address = to_.addresses[i % to_.addresses.size()];
    status = bootstrap_client_connect(address, to_.port, std::min(deadline, now() + kTrial), fd);
    if (status.ok() || now() >= deadline) return status;
  }
}

Status Connecting::run() {
  int fd = -1;
  if (Status status = reach(now() + kReach, &fd); !status.ok()) return status;
  UniqueFd bootstrap(fd);
  if (!keep_for_interruption(fd)) return {HAWSER_CANCELLED, "the connection was given up"};
  return connect_link(engine_, std::move(bootstrap), now() + kPatience, &link_, to_.ticket);
}

}  // namespace hawser::nccl
