// The executors of a GPU: its copy engine, and the kernel of cuda/unpack.cu.
#include <array>
#include <ctime>

#include "mem/cuda_driver.h"
#include "mem/unpack.h"
#include "mem/unpack_tiles.h"

namespace hawser {

namespace {

using cuda::Driver;
using cuda::Gpu;
using cuda::OnGpu;

constexpr size_t kSlots = HAWSER_UNPACK_WINDOW;
// Batches go to these in turns: a short one starts while the one before it comes to its end.
constexpr size_t kStreams = 4;
constexpr unsigned kThreads = 256;
constexpr unsigned kTilesABlock = kThreads / 32;
constexpr Nanos kFarewell = 5 * kSecond;
constexpr Nanos kLook = 20 * kMicrosecond;

class CudaUnpacker : public Unpacker {
 public:
  CudaUnpacker(Gpu& gpu, bool by_kernel) : gpu_(gpu), driver_(gpu.driver()), by_kernel_(by_kernel) {}
  ~CudaUnpacker() override;
  Status open();

  Status plain_copy(void* to, const void* from, uint64_t bytes, Nanos deadline, uint64_t* ticket) override;
  Status completed(uint64_t ticket, bool* out) override;

 protected:
  Status execute(const hawser_unpack_batch& batch, Nanos deadline, uint64_t* ticket) override;

 private:
  struct Slot {
    void* tiles = nullptr;  // pinned, of kMostTiles
    CUdeviceptr on_device = 0;
    CUevent event = nullptr;
  };

  Slot& slot(uint64_t ticket) { return slots_[ticket % kSlots]; }
  CUstream stream(uint64_t ticket) const { return streams_[ticket % kStreams]; }
  Status place(const void* address, uint64_t bytes, const char* what, CUdeviceptr* out);
  Status advance();
  Status await_slot(Nanos deadline);
  // Has `work(slot, stream)`, a CUresult, done under a new ticket.
  template <typename Work>
  Status submit(Nanos deadline, uint64_t* ticket, Work&& work);
  CUresult copy_each(const hawser_unpack_batch& batch, CUdeviceptr source, CUdeviceptr destination, CUstream stream);
  CUresult launch(const hawser_unpack_batch& batch, CUdeviceptr source, CUdeviceptr destination, Slot& slot,
                  CUstream stream);

  Gpu& gpu_;
  const Driver& driver_;
  const bool by_kernel_;
  CUfunction kernel_ = nullptr;
  std::array<CUstream, kStreams> streams_{};
  std::array<Slot, kSlots> slots_{};
  uint64_t started_ = 0;
  uint64_t completed_ = 0;  // this ticket's batch and all before it
  Status failed_;           // the first failure: nothing is started after it
};

Status CudaUnpacker::open() {
  if (by_kernel_) {
    if (Status status = gpu_.kernel("hawser_unpack", &kernel_); !status.ok()) return status;
  }
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  const std::string what = "it cannot prepare for unpacking";
  for (CUstream& stream : streams_) {
    if (Status status = gpu_.check(driver_.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), what); !status.ok()) {
      return status;
    }
  }
  for (Slot& slot : slots_) {
    Status status = gpu_.check(driver_.cuEventCreate(&slot.event, CU_EVENT_DISABLE_TIMING), what);
    if (status.ok() && by_kernel_) {
      status = gpu_.allocate_pinned(kMostTiles * sizeof(UnpackTile), &slot.tiles, &slot.on_device);
    }
    if (!status.ok()) return status;
  }
  return {};
}

CudaUnpacker::~CudaUnpacker() {
  // What may still be read or recorded is left to the driver.
  if (Status status = wait(started_, now() + kFarewell); !status.ok()) return;
  const OnGpu on(gpu_);
  if (!on.status().ok()) return;
  for (const Slot& slot : slots_) {
    if (slot.event != nullptr) driver_.cuEventDestroy(slot.event);
    if (slot.tiles != nullptr) gpu_.free_pinned(slot.tiles);
  }
  for (CUstream stream : streams_) {
    if (stream != nullptr) driver_.cuStreamDestroy(stream);
  }
}

// Where the GPU sees an area of its own, of another GPU or of pinned host memory.
Status CudaUnpacker::place(const void* address, uint64_t bytes, const char* what, CUdeviceptr* out) {
  *out = reinterpret_cast<CUdeviceptr>(address);
  if (bytes == 0) return {};
  const std::string area = std::string("the unpack is refused: its ") + what;
  CUmemorytype type{};
  if (driver_.cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, *out) != CUDA_SUCCESS) {
    return {HAWSER_INVALID_ARGUMENT,
            area + " lies in memory that GPU " + std::to_string(gpu_.number()) + " does not see: pin it"};
  }
  if (type == CU_MEMORYTYPE_DEVICE) {
    Gpu* owner = nullptr;
    if (Status status = Gpu::of(address, &owner); !status.ok()) return status;
    if (Status status = gpu_.reach(*owner); !status.ok()) return status;
    CUdeviceptr base = 0;
    size_t size = 0;
    Status status = gpu_.check(driver_.cuMemGetAddressRange(&base, &size, *out), area + " is in no allocation");
    if (!status.ok()) return status;
    if (bytes > size - (*out - base)) {
      return {HAWSER_INVALID_ARGUMENT,
              area + " ends behind its allocation, which has " + std::to_string(size) + " bytes"};
    }
  }
  return gpu_.check(driver_.cuPointerGetAttribute(out, CU_POINTER_ATTRIBUTE_DEVICE_POINTER, *out),
                    area + " cannot be reached");
}

// Counts what has completed since the last look.
Status CudaUnpacker::advance() {
  if (!failed_.ok() || completed_ == started_) return failed_;
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  while (failed_.ok() && completed_ < started_) {
    const CUresult result = driver_.cuEventQuery(slot(completed_ + 1).event);
    if (result == CUDA_ERROR_NOT_READY) break;
    if (result == CUDA_SUCCESS) ++completed_;
    failed_ = gpu_.check(result, "an unpack failed");
  }
  return failed_;
}

Status CudaUnpacker::completed(uint64_t ticket, bool* out) {
  Status status = ticket <= completed_ ? Status() : advance();
  *out = ticket <= completed_;
  return *out ? Status() : status;
}

Status CudaUnpacker::await_slot(Nanos deadline) {
  for (;;) {
    if (Status status = advance(); !status.ok() || started_ - completed_ < kSlots) return status;
    if (now() >= deadline) {
      return {HAWSER_TIMEOUT, std::to_string(kSlots) + " unpacks are under way, and none completed in time"};
    }
    const timespec look{0, kLook};
    nanosleep(&look, nullptr);
  }
}

template <typename Work>
Status CudaUnpacker::submit(Nanos deadline, uint64_t* ticket, Work&& work) {
  if (Status status = await_slot(deadline); !status.ok()) return status;
  const uint64_t next = started_ + 1;
  CUresult result = work(slot(next), stream(next));
  if (result == CUDA_SUCCESS) result = driver_.cuEventRecord(slot(next).event, stream(next));
  failed_ = gpu_.check(result, "it cannot start an unpack");
  if (!failed_.ok()) return failed_;
  started_ = next;
  *ticket = next;
  return {};
}

CUresult CudaUnpacker::copy_each(const hawser_unpack_batch& batch, CUdeviceptr source, CUdeviceptr destination,
                                 CUstream stream) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    const hawser_unpack_descriptor& it = batch.descriptors[i];
    if (it.len == 0) continue;
    const CUresult result = driver_.cuMemcpyAsync(destination + it.dst_off, source + it.src_off, it.len, stream);
    if (result != CUDA_SUCCESS) return result;
  }
  return CUDA_SUCCESS;
}

CUresult CudaUnpacker::launch(const hawser_unpack_batch& batch, CUdeviceptr source, CUdeviceptr destination, Slot& slot,
                              CUstream stream) {
  uint32_t tiles = cut_tiles(batch, source, destination, static_cast<UnpackTile*>(slot.tiles));
  if (tiles == 0) return CUDA_SUCCESS;
  void* arguments[] = {&slot.on_device, &tiles};
  const unsigned blocks = (tiles + kTilesABlock - 1) / kTilesABlock;
  return driver_.cuLaunchKernel(kernel_, blocks, 1, 1, kThreads, 1, 1, 0, stream, arguments, nullptr);
}

Status CudaUnpacker::execute(const hawser_unpack_batch& batch, Nanos deadline, uint64_t* ticket) {
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  CUdeviceptr source = 0;
  CUdeviceptr destination = 0;
  Status status = place(batch.source, batch.source_bytes, "source", &source);
  if (status.ok()) status = place(batch.destination, batch.destination_bytes, "destination", &destination);
  if (!status.ok()) return status;
  return submit(deadline, ticket, [&](Slot& slot, CUstream stream) {
    return by_kernel_ ? launch(batch, source, destination, slot, stream)
                      : copy_each(batch, source, destination, stream);
  });
}

Status CudaUnpacker::plain_copy(void* to, const void* from, uint64_t bytes, Nanos deadline, uint64_t* ticket) {
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  CUdeviceptr source = 0;
  CUdeviceptr destination = 0;
  Status status = place(from, bytes, "source", &source);
  if (status.ok()) status = place(to, bytes, "destination", &destination);
  if (!status.ok()) return status;
  return submit(deadline, ticket,
                [&](Slot&, CUstream stream) { return driver_.cuMemcpyAsync(destination, source, bytes, stream); });
}

}  // namespace

Status make_cuda_unpacker(uint32_t executor, int device, std::unique_ptr<Unpacker>* out) {
  Gpu* gpu = nullptr;
  if (Status status = Gpu::get(device, &gpu); !status.ok()) return status;
  auto made = std::make_unique<CudaUnpacker>(*gpu, executor == HAWSER_UNPACK_KERNEL);
  Status status = made->open();
  if (status.ok()) *out = std::move(made);
  return status;
}

}  // namespace hawser
