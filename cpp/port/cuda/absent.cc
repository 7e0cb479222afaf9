// What a build without CUDA says in place of the files cuda_*.cc.
#include "base/guarded.h"
#include "hawser_mem.h"
#include "lane/staging.h"
#include "mem/gpus.h"
#include "mem/unpack.h"
#include "port/transport.h"

namespace {

hawser::Status absent() {
  return {HAWSER_UNSUPPORTED,
          "this build of Hawser is without CUDA: run scripts/setup, which brings an nvcc, and build again"};
}

int32_t tell_absent(hawser_error* error) { return hawser::guarded(error, absent); }

}  // namespace

namespace hawser {

Status list_gpus(std::string*, std::vector<GpuFacts>*) { return absent(); }

Status make_cuda_unpacker(uint32_t, int, std::unique_ptr<Unpacker>*) { return absent(); }

Status find_gpu(const void*, uint64_t, int*) { return absent(); }

Status copy_by_gpu(int, void*, const void*, uint64_t) { return absent(); }

Status allocate_pinned(uint64_t, std::shared_ptr<unsigned char[]>*) { return absent(); }

Status export_dmabuf(const void*, uint64_t, int*, uint64_t*) { return absent(); }

CurrentGpu::CurrentGpu(int) {}

Status make_staging(int, uint32_t, uint64_t, std::unique_ptr<Staging>*) { return absent(); }

}  // namespace hawser

namespace hawser::port {

Status make_cuda_ipc_transport(Context&, std::unique_ptr<Transport>*) { return absent(); }

}  // namespace hawser::port

int32_t hawser_cuda_devices(int32_t*, hawser_error* error) { return tell_absent(error); }

int32_t hawser_cuda_allocate(int32_t, uint64_t, void**, hawser_error* error) { return tell_absent(error); }

void hawser_cuda_free(void*) {}

int32_t hawser_cuda_copy(int32_t, void*, const void*, uint64_t, hawser_error* error) { return tell_absent(error); }

int32_t hawser_pinned_allocate(uint64_t, void**, hawser_error* error) { return tell_absent(error); }

void hawser_pinned_free(void*) {}

int32_t hawser_cuda_export_dmabuf(void*, uint64_t, int32_t*, uint64_t*, hawser_error* error) {
  return tell_absent(error);
}

int32_t hawser_channel_device(hawser_port_channel*, int32_t, hawser_port_device_channel*, hawser_error* error) {
  return tell_absent(error);
}

int32_t hawser_cuda_bidir_put(int32_t, const hawser_port_device_channel*, uint32_t, uint64_t, uint32_t, int64_t,
                              int64_t*, hawser_error* error) {
  return tell_absent(error);
}
