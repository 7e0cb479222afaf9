#include "port/cuda/bidir.h"

#include <ctime>

namespace hawser::port {

using cuda::Gpu;
using cuda::OnGpu;

namespace {

// What the kernel may take above its timeout before it counts as lost.
constexpr Nanos kGrace = 5 * kSecond;
constexpr Nanos kLook = 20 * kMicrosecond;

// All that a launch needs and frees.
class Launch {
 public:
  explicit Launch(const Gpu& gpu) : gpu_(gpu), driver_(gpu.driver()) {}
  ~Launch() {
    if (lost_) return;  // the kernel may still write
    if (start_ != nullptr) driver_.cuEventDestroy(start_);
    if (end_ != nullptr) driver_.cuEventDestroy(end_);
    if (stream_ != nullptr) driver_.cuStreamDestroy(stream_);
    if (code_ != nullptr) gpu_.free_pinned(code_);
  }

  Status open() {
    Status status = gpu_.allocate_pinned(sizeof(int32_t), &code_, &code_on_device_);
    const std::string what = "it cannot prepare a kernel";
    if (status.ok()) status = gpu_.check(driver_.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), what);
    if (status.ok()) status = gpu_.check(driver_.cuEventCreate(&start_, CU_EVENT_DEFAULT), what);
    return status.ok() ? gpu_.check(driver_.cuEventCreate(&end_, CU_EVENT_DEFAULT), what) : status;
  }

  Status run(CUfunction kernel, BidirPut what, Nanos timeout) {
    auto limit = static_cast<uint64_t>(timeout);
    void* arguments[] = {&what.channel, &what.rank, &what.bytes, &what.iterations, &limit, &code_on_device_};
    Status status = gpu_.check(driver_.cuEventRecord(start_, stream_), "it cannot launch a kernel");
    if (!status.ok()) return status;
    status = gpu_.check(driver_.cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, stream_, arguments, nullptr),
                        "it cannot launch a kernel");
    if (!status.ok()) return status;
    lost_ = true;
    status = gpu_.check(driver_.cuEventRecord(end_, stream_), "it cannot launch a kernel");
    return status.ok() ? await(now() + timeout + kGrace) : status;
  }

  Status tell(Nanos* elapsed) const {
    const int32_t code = *static_cast<const int32_t*>(code_);
    if (code == HAWSER_TIMEOUT) return {code, "the kernel's peer did not come in time"};
    if (code != HAWSER_OK) return {code, "the kernel's connection ended; hawser_channel_error tells why"};
    float milliseconds = 0;
    Status status = gpu_.check(driver_.cuEventElapsedTime(&milliseconds, start_, end_), "it cannot tell the time");
    *elapsed = static_cast<Nanos>(static_cast<double>(milliseconds) * kMillisecond);
    return status;
  }

 private:
  Status await(Nanos deadline) {
    CUresult result = driver_.cuEventQuery(end_);
    while (result == CUDA_ERROR_NOT_READY && now() < deadline) {
      const timespec look{0, kLook};
      nanosleep(&look, nullptr);
      result = driver_.cuEventQuery(end_);
    }
    lost_ = result != CUDA_SUCCESS;
    if (result == CUDA_ERROR_NOT_READY) return {HAWSER_TIMEOUT, "the kernel did not end at its timeout"};
    return gpu_.check(result, "a kernel failed");
  }

  const Gpu& gpu_;
  const cuda::Driver& driver_;
  void* code_ = nullptr;
  CUdeviceptr code_on_device_ = 0;
  CUstream stream_ = nullptr;
  CUevent start_ = nullptr;
  CUevent end_ = nullptr;
  bool lost_ = false;
};

}  // namespace

Status run_bidir_put(Gpu& gpu, BidirPut what, Nanos timeout, Nanos* elapsed) {
  if (what.rank > 1) return {HAWSER_INVALID_ARGUMENT, "the example's ranks are 0 and 1"};
  CUfunction kernel = nullptr;
  if (Status status = gpu.kernel("hawser_bidir_put", &kernel); !status.ok()) return status;
  const OnGpu on(gpu);
  if (!on.status().ok()) return on.status();
  Launch launch(gpu);
  if (Status status = launch.open(); !status.ok()) return status;
  if (Status status = launch.run(kernel, what, timeout); !status.ok()) return status;
  return launch.tell(elapsed);
}

}  // namespace hawser::port
