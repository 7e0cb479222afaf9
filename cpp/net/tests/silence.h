// A wire that is cut: the comm's kernel takes nothing any more.
#pragma once

#include <linux/filter.h>
#include <sys/socket.h>

#include "net/socket/address.h"
#include "net/tests/comm_pair.h"

namespace hawser {

// The descriptor of a comm, found by its addresses among this process's own.
inline int descriptor_of(const Comm& comm) {
  for (int fd = 3; fd < 1024; ++fd) {
    int type = 0;
    socklen_t length = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) continue;
    if (SocketAddress::local_of(fd).text() == comm.local_address() &&
        SocketAddress::peer_of(fd).text() == comm.peer_address()) {
      return fd;
    }
  }
  ADD_FAILURE() << "no descriptor for " << comm.local_address();
  return -1;
}

// From now on the comm's kernel ignores what arrives, as if the wire were cut.
inline void silence(const Comm& comm) {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog drop_all{1, &nothing};
  ASSERT_EQ(setsockopt(descriptor_of(comm), SOL_SOCKET, SO_ATTACH_FILTER, &drop_all, sizeof drop_all), 0);
}

}  // namespace hawser
