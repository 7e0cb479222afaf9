// The socket transport's comms: one and several connections a lane, with and without zero copy.
#include "net/tests/comm_suite.h"

namespace hawser {
namespace {

CommKind kind(const char* name, uint32_t sockets, uint32_t zerocopy) {
  return {name, [sockets, zerocopy] { return make_socket_transport({loopback()}, {sockets, zerocopy}); }, "lo"};
}

INSTANTIATE_TEST_SUITE_P(Sockets, CommSuite,
                         testing::Values(kind("OneCopying", 1, HAWSER_OFF), kind("TwoCopying", 2, HAWSER_OFF),
                                         kind("FourCopying", 4, HAWSER_OFF), kind("OneZeroCopy", 1, HAWSER_ON),
                                         kind("FourZeroCopy", 4, HAWSER_ON), kind("OneAuto", 1, HAWSER_AUTO)),
                         name_of);

}  // namespace
}  // namespace hawser
