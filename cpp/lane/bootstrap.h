// How a connector learns where the lanes are: one TCP connection on which the listener writes u32 count (little-endian)
// and count handles of 128 bytes. Seed 004's module of that name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/transport.h"

namespace hawser {

constexpr uint16_t kBootstrapPort = HAWSER_BOOTSTRAP_PORT;

// Listens, non-blocking. `address` empty: all addresses. Port 0: a free one, told by bootstrap_port.
Status bootstrap_server_create(const std::string& address, uint16_t port, int* listen_fd);
uint16_t bootstrap_port(int listen_fd);

// The bytes that a connector is sent.
std::vector<unsigned char> bootstrap_message(const std::vector<Handle>& handles);

// Connects, until `deadline`; `host` is a name or a number. Tries again while nobody listens there yet.
Status bootstrap_client_connect(const std::string& host, uint16_t port, Nanos deadline, int* fd);
// Reads count and handles. A count of 0 or above HAWSER_MAX_LANES and a short read are errors that say so.
Status bootstrap_client_recv_handles(int fd, Nanos deadline, std::vector<Handle>* handles);

}  // namespace hawser
