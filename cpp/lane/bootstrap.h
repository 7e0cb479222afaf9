// How a connector learns where the lanes are: one TCP connection on which the listener writes u32 count (little-endian)
// and count handles of 128 bytes; should it refuse the lanes that come, also u32 length and a text that says why. Seed
// 004's module of that name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/transport.h"
#include "trust/secure_socket.h"

namespace hawser {

constexpr uint16_t kBootstrapPort = HAWSER_BOOTSTRAP_PORT;

// Listens, non-blocking. `address` empty: all addresses. Port 0: a free one, told by bootstrap_port.
Status bootstrap_server_create(const std::string& address, uint16_t port, int* listen_fd);
uint16_t bootstrap_port(int listen_fd);

// The bytes that a connector is sent.
std::vector<unsigned char> bootstrap_message(const std::vector<Handle>& handles);
std::vector<unsigned char> bootstrap_refusal(const std::string& why);

// What a refusal means to a connector.
enum class NoListener : uint8_t {
  kNotYet,  // it may start later: try again
  kGone,    // it has listened before: fail at once, with errno ECONNREFUSED
};

// Connects, until `deadline`; `host` is a name or a number.
Status bootstrap_client_connect(const std::string& host, uint16_t port, Nanos deadline, int* fd,
                                NoListener refusal = NoListener::kNotYet);
// Reads count and handles. A count of 0 or above HAWSER_MAX_LANES and a short read are errors that say so.
Status bootstrap_client_recv_handles(SecureSocket& socket, Nanos deadline, std::vector<Handle>* handles);
// Why the listener refused the lanes; "" when it has said nothing by `deadline`.
std::string bootstrap_client_recv_refusal(SecureSocket& socket, Nanos deadline);

}  // namespace hawser
