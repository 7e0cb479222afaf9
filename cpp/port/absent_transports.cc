// The transports that this build has not.
#include "port/transport.h"

namespace hawser::port {

Status make_cuda_ipc_transport(Context&, std::unique_ptr<Transport>*) {
  return {HAWSER_UNSUPPORTED, "this build of Hawser has no transport " + name_of(HAWSER_PORT_CUDA_IPC)};
}

}  // namespace hawser::port
