// In place of the transports IB0 to IB7, where libfabric's headers are missing.
#include "port/transport.h"

namespace hawser::port {

Status make_ofi_transport(Context&, uint32_t device, std::unique_ptr<Transport>*) {
  return {HAWSER_UNSUPPORTED, name_of(HAWSER_PORT_IB0 + device) +
                                  ": Hawser was built without libfabric; install its headers (Debian: libfabric-dev) "
                                  "and build it again"};
}

}  // namespace hawser::port
