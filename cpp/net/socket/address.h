// Addresses and options of the socket transport's TCP sockets.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/unique_fd.h"

namespace hawser {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // From a numeric IPv4 or IPv6 address; length 0 when it is none.
  static SocketAddress parse(const std::string& numeric, uint16_t port);
  // From the 4 or 16 bytes of a handle, in network order.
  static SocketAddress from_bytes(int family, const unsigned char* bytes, uint16_t port);
  static SocketAddress local_of(int fd);
  static SocketAddress peer_of(int fd);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  uint16_t port() const;
  // 4 or 16 bytes, in network order.
  const unsigned char* bytes() const;
  size_t byte_count() const;
  // "10.0.0.1:80" or "[2001:db8::1]:80".
  std::string text() const;
  // Whether it is one of this machine's own.
  bool is_local() const;
};

// A non-blocking TCP socket.
Status make_tcp_socket(int family, UniqueFd* out);

// No delay, a short unsent backlog, and keepalive, which finds a peer that is gone within ten seconds.
void tune_tcp_socket(int fd);

// Makes what `fd` sends leave through `device`. Not everyone may: the source address and the routes decide then.
void bind_to_device(int fd, const std::string& device);

}  // namespace hawser
