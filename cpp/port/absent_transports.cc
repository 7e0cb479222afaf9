// The transports that this build has not.
#include "port/transport.h"

namespace hawser::port {

namespace {

Status absent(const std::string& name) { return {HAWSER_UNSUPPORTED, "this build of Hawser has no transport " + name}; }

}  // namespace

Status make_ofi_transport(Context&, uint32_t device, std::unique_ptr<Transport>*) {
  return absent(name_of(HAWSER_PORT_IB0 + device));
}

Status make_cuda_ipc_transport(Context&, std::unique_ptr<Transport>*) { return absent(name_of(HAWSER_PORT_CUDA_IPC)); }

}  // namespace hawser::port
