// What doors and those who knock at them have in common.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "port/doors.h"

namespace hawser::port {

constexpr uint32_t kKnockMagic = 0x54505748;  // "HWPT"
constexpr uint16_t kKnockVersion = 1;

enum class Wish : uint16_t { kJoin = 1, kDescriptor = 2 };

// What a visitor says first.
struct Doors::Knock {
  uint32_t magic = kKnockMagic;
  uint16_t version = kKnockVersion;
  Wish wish = Wish::kJoin;
  std::array<uint8_t, 16> whom{};  // the context it wants
  std::array<uint8_t, 16> who{};   // its own
  uint64_t wanted = 0;             // kJoin: an endpoint; kDescriptor: a SharedMemory's number
  uint64_t own = 0;                // kJoin: the visitor's endpoint
  int32_t rank = -1;
  uint32_t reserved = 0;
};

struct DoorAddress {
  sockaddr_un storage{};
  socklen_t length = 0;

  // The abstract name: bound to no file, gone with its last descriptor.
  explicit DoorAddress(const std::string& name) {
    storage.sun_family = AF_UNIX;
    const size_t count = std::min(name.size(), sizeof(storage.sun_path) - 1);
    name.copy(storage.sun_path + 1, count);
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + count);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Whether the process behind a Unix socket runs under this one's user: no other may have our memory.
bool is_ours(int fd);

}  // namespace hawser::port
