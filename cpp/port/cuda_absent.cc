// What a build without CUDA says in place of the files cuda_*.cc.
#include "base/guarded.h"
#include "port/transport.h"

namespace {

hawser::Status absent() {
  return {HAWSER_UNSUPPORTED,
          "this build of Hawser is without CUDA: run scripts/setup, which brings an nvcc, and build again"};
}

int32_t tell_absent(hawser_error* error) { return hawser::guarded(error, absent); }

}  // namespace

namespace hawser::port {

Status make_cuda_ipc_transport(Context&, std::unique_ptr<Transport>*) { return absent(); }

}  // namespace hawser::port

int32_t hawser_cuda_devices(int32_t*, hawser_error* error) { return tell_absent(error); }

int32_t hawser_cuda_allocate(int32_t, uint64_t, void**, hawser_error* error) { return tell_absent(error); }

void hawser_cuda_free(void*) {}

int32_t hawser_cuda_copy(int32_t, void*, const void*, uint64_t, hawser_error* error) { return tell_absent(error); }

int32_t hawser_channel_device(hawser_port_channel*, int32_t, hawser_port_device_channel*, hawser_error* error) {
  return tell_absent(error);
}

int32_t hawser_cuda_bidir_put(int32_t, const hawser_port_device_channel*, uint32_t, uint64_t, uint32_t, int64_t,
                              int64_t*, hawser_error* error) {
  return tell_absent(error);
}
