// Staging by the CUDA driver: one stream a way, one event a slot.
#include "lane/staging.h"
#include "mem/cuda_driver.h"

namespace hawser {

namespace {

using cuda::Gpu;
using cuda::OnGpu;

// A copy that has not ended by then will not: the GPU has failed.
constexpr Nanos kDrainPatience = kSecond;

struct CudaSlot : StagingSlot {
  CUevent event = nullptr;
  void* own = nullptr;  // memory that it grew into
};

class CudaStaging : public Staging {
 public:
  CudaStaging(const Gpu& gpu, uint32_t slots) : Staging(gpu.number()), gpu_(gpu), slots_(2 * slots) {}
  ~CudaStaging() override;
  Status open(uint64_t slot_bytes);

  void* memory() const override { return memory_; }
  uint64_t memory_bytes() const override { return memory_bytes_; }

 protected:
  Status start(StagingSlot& slot, Way way, void* to, const void* from, uint64_t bytes) override;
  Progress query(StagingSlot& slot, Status* why) override;
  Status enlarge(StagingSlot& slot, uint64_t bytes) override;

 private:
  CUstream stream(Way way) const { return way == Way::kOut ? out_ : in_; }

  const Gpu& gpu_;
  CUstream out_ = nullptr;
  CUstream in_ = nullptr;
  void* memory_ = nullptr;
  uint64_t memory_bytes_ = 0;
  std::vector<CudaSlot> slots_;
};

Status CudaStaging::open(uint64_t slot_bytes) {
  memory_bytes_ = slot_bytes * slots_.size();
  CUdeviceptr unused = 0;
  if (Status status = gpu_.allocate_pinned(memory_bytes_, &memory_, &unused); !status.ok()) return status;
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  const cuda::Driver& driver = gpu_.driver();
  for (CUstream* stream : {&out_, &in_}) {
    // The program's own work on the null stream neither waits for copies nor holds them up.
    Status status = gpu_.check(driver.cuStreamCreate(stream, CU_STREAM_NON_BLOCKING), "it gives no stream");
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    CudaSlot& slot = slots_[i];
    slot.data = static_cast<unsigned char*>(memory_) + i * slot_bytes;
    slot.bytes = slot_bytes;
    Status status = gpu_.check(driver.cuEventCreate(&slot.event, CU_EVENT_DISABLE_TIMING), "it gives no event");
    if (!status.ok()) return status;
    add(i % 2 == 0 ? Way::kOut : Way::kIn, &slot);
  }
  return {};
}

CudaStaging::~CudaStaging() {
  // Memory that a hanging GPU may yet write is better lost than given to somebody else.
  if (!drain(kDrainPatience)) return;
  const OnGpu on(gpu_);
  if (!on.status().ok()) return;
  const cuda::Driver& driver = gpu_.driver();
  for (const CudaSlot& slot : slots_) {
    if (slot.event != nullptr) driver.cuEventDestroy(slot.event);
    if (slot.own != nullptr) driver.cuMemFreeHost(slot.own);
  }
  for (CUstream stream : {out_, in_}) {
    if (stream != nullptr) driver.cuStreamDestroy(stream);
  }
  if (memory_ != nullptr) driver.cuMemFreeHost(memory_);
}

Status CudaStaging::start(StagingSlot& slot, Way way, void* to, const void* from, uint64_t bytes) {
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  const cuda::Driver& driver = gpu_.driver();
  CUresult result =
      driver.cuMemcpyAsync(reinterpret_cast<CUdeviceptr>(to), reinterpret_cast<CUdeviceptr>(from), bytes, stream(way));
  if (result == CUDA_SUCCESS) result = driver.cuEventRecord(static_cast<CudaSlot&>(slot).event, stream(way));
  return gpu_.check(result, "it cannot copy " + std::to_string(bytes) + " bytes for a lane");
}

Staging::Progress CudaStaging::query(StagingSlot& slot, Status* why) {
  const OnGpu on(gpu_);
  *why = on.status();
  if (!why->ok()) return Progress::kFailed;
  const CUresult result = gpu_.driver().cuEventQuery(static_cast<CudaSlot&>(slot).event);
  if (result == CUDA_ERROR_NOT_READY) return Progress::kRunning;
  *why = gpu_.check(result, "a copy for a lane has failed");
  return why->ok() ? Progress::kDone : Progress::kFailed;
}

Status CudaStaging::enlarge(StagingSlot& slot, uint64_t bytes) {
  auto& mine = static_cast<CudaSlot&>(slot);
  void* larger = nullptr;
  CUdeviceptr unused = 0;
  if (Status status = gpu_.allocate_pinned(bytes, &larger, &unused); !status.ok()) return status;
  if (mine.own != nullptr) gpu_.free_pinned(mine.own);
  mine.own = larger;
  mine.data = static_cast<unsigned char*>(larger);
  mine.bytes = bytes;
  mine.memory = 0;
  return {};
}

}  // namespace

Status make_staging(int gpu, uint32_t slots, uint64_t bytes, std::unique_ptr<Staging>* out) {
  Gpu* owner = nullptr;
  if (Status status = Gpu::get(gpu, &owner); !status.ok()) return status;
  auto made = std::make_unique<CudaStaging>(*owner, slots);
  Status status = made->open(bytes);
  if (status.ok()) *out = std::move(made);
  return status;
}

}  // namespace hawser
