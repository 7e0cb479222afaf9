// A connection whose far end has said all that it will ever say: what parsers that read from sockets are fed by.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "fuzz/target.h"

namespace hawser::fuzz {

// The end to read from, which does not block. `far` keeps the other one open for what is written back.
inline UniqueFd connection_that_says(const uint8_t* data, size_t size, UniqueFd* far) {
  int ends[2] = {-1, -1};
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  UniqueFd near(ends[0]);
  *far = UniqueFd(ends[1]);
  // More than the socket takes at once is cut off: inputs are short.
  if (size != 0) (void)!::write(far->get(), data, size);
  shutdown(far->get(), SHUT_WR);
  return near;
}

}  // namespace hawser::fuzz
