// Who a process is to its peers, and where it listens.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "port/bytes.h"

namespace hawser::port {

struct Origin {
  std::array<uint8_t, 16> id{};  // random, told only to peers: who knows it may connect
  int32_t rank = -1;
  std::string host;     // the boot's own number: equal on one machine only
  std::string process;  // equal for contexts of one process only, together with the host
  std::string door;     // the abstract Unix socket
  std::string address;  // numeric, with `port` the TCP socket
  uint16_t port = 0;

  void write(Writer& to) const;
  static Origin read(Reader& from);
  // "rank 1", or where it is when it has none.
  std::string name() const;
  // Its number on its host, for messages; 0 when it tells none.
  int32_t pid() const;
};

}  // namespace hawser::port
