// A file's descriptor on its way from one process to another, over a Unix socket.
#pragma once

#include "base/unique_fd.h"

namespace hawser::port {

// The peer at `socket` gets a descriptor of its own for the file behind `passed`. False: it did not leave.
bool send_descriptor(int socket, int passed);
// What send_descriptor sent; invalid when there is none.
UniqueFd receive_descriptor(int socket);

}  // namespace hawser::port
