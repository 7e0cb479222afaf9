#include "mem/cuda_driver.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/look_up.h"
#include "mem/cuda_images.h"

namespace hawser::cuda {

namespace {

constexpr const char* kLibrary = "libcuda.so.1";
constexpr int kMostDevices = 64;
constexpr int kOldest = 12000;  // libraries and kernels without a context

// The rest of the message, for codes that tell what to do.
std::string_view advice(CUresult result) {
  switch (result) {
    case CUDA_ERROR_NO_DEVICE:
      return ": is a GPU in this machine, and does CUDA_VISIBLE_DEVICES name it?";
    case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
      return ": libcuda and the kernel's module differ; reboot after an update of the driver";
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
      return ": Hawser is built for GPUs of compute capability 8.0 or newer";
    default:
      return "";
  }
}

int32_t code_of(CUresult result) {
  switch (result) {
    case CUDA_ERROR_OUT_OF_MEMORY:
      return HAWSER_OUT_OF_MEMORY;
    case CUDA_ERROR_NO_DEVICE:
    case CUDA_ERROR_NOT_SUPPORTED:
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
    case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
    case CUDA_ERROR_PEER_ACCESS_UNSUPPORTED:
      return HAWSER_UNSUPPORTED;
    case CUDA_ERROR_INVALID_VALUE:
    case CUDA_ERROR_INVALID_DEVICE:
      return HAWSER_INVALID_ARGUMENT;
    default:
      return HAWSER_IO;
  }
}

struct Loaded {
  Driver driver;
  Status status;
};

}  // namespace

Status Driver::load(const char* library, Driver* out) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return {HAWSER_UNSUPPORTED, std::string("there is no CUDA driver: ") + dlerror()};
  }
#define HAWSER_TEXT(name) #name
#define HAWSER_CUDA_LOOK_UP(name)                                                                                     \
  if (!look_up(handle, HAWSER_TEXT(name), &out->name)) {                                                              \
    return {HAWSER_UNSUPPORTED, "the CUDA driver lacks " HAWSER_TEXT(name) ": install a driver of CUDA 12 or newer"}; \
  }
  HAWSER_CUDA_FUNCTIONS(HAWSER_CUDA_LOOK_UP)
#undef HAWSER_CUDA_LOOK_UP
#undef HAWSER_TEXT
  Status status = out->check(out->cuInit(0), "the CUDA driver does not start");
  if (status.ok()) status = out->check(out->cuDriverGetVersion(&out->version_), "the CUDA driver tells no version");
  if (status.ok()) status = out->check(out->cuDeviceGetCount(&out->devices_), "the CUDA driver lists no GPUs");
  if (!status.ok()) return {HAWSER_UNSUPPORTED, status.text()};
  if (out->version_ < kOldest) {
    return {HAWSER_UNSUPPORTED, "the CUDA driver is of version " + std::to_string(out->version_ / 1000) + "." +
                                    std::to_string(out->version_ % 1000 / 10) + ": 12.0 or newer is needed"};
  }
  return {};
}

Status Driver::get(const Driver** out) {
  // Not freed: the driver's own threads may outlive static objects.
  static Loaded& loaded = *[] {
    auto* once = new Loaded;
    once->status = load(kLibrary, &once->driver);
    return once;
  }();
  if (loaded.status.ok()) *out = &loaded.driver;
  return loaded.status;
}

Status Driver::check(CUresult result, const std::string& what) const {
  if (result == CUDA_SUCCESS) return {};
  const char* name = nullptr;
  const char* text = nullptr;
  std::string error = "error " + std::to_string(result);
  if (cuGetErrorName(result, &name) == CUDA_SUCCESS && name != nullptr) error = name;
  if (cuGetErrorString(result, &text) == CUDA_SUCCESS && text != nullptr) error += std::string(" (") + text + ")";
  return {code_of(result), what + ": " + error + std::string(advice(result))};
}

Status Gpu::get(int number, Gpu** out) {
  const Driver* driver = nullptr;
  if (Status status = Driver::get(&driver); !status.ok()) return status;
  if (number < 0 || number >= std::min(driver->devices(), kMostDevices)) {
    return {HAWSER_INVALID_ARGUMENT,
            "there is no GPU " + std::to_string(number) + ": this process sees " + std::to_string(driver->devices())};
  }
  static std::mutex mutex;
  static auto& gpus = *new std::array<std::unique_ptr<Gpu>, kMostDevices>;
  const std::scoped_lock lock(mutex);
  std::unique_ptr<Gpu>& gpu = gpus[static_cast<size_t>(number)];
  if (gpu == nullptr) {
    std::unique_ptr<Gpu> fresh(new Gpu(*driver, number));
    if (Status status = fresh->open(); !status.ok()) return status;
    gpu = std::move(fresh);
  }
  *out = gpu.get();
  return {};
}

Status Gpu::of(const void* address, Gpu** out) {
  const Driver* driver = nullptr;
  if (Status status = Driver::get(&driver); !status.ok()) return status;
  const auto pointer = reinterpret_cast<CUdeviceptr>(address);
  CUmemorytype type{};
  int number = 0;
  if (driver->cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, pointer) != CUDA_SUCCESS ||
      type != CU_MEMORYTYPE_DEVICE ||
      driver->cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, pointer) != CUDA_SUCCESS) {
    return {HAWSER_INVALID_ARGUMENT, "the address is in no memory of a GPU"};
  }
  return get(number, out);
}

Status Gpu::open() {
  Status status = check(driver_.cuDeviceGet(&device_, number_), "it is not there");
  return status.ok() ? check(driver_.cuDevicePrimaryCtxRetain(&context_, device_), "it gives no context") : status;
}

Status Gpu::check(CUresult result, const std::string& what) const {
  return result == CUDA_SUCCESS ? Status() : driver_.check(result, "GPU " + std::to_string(number_) + ": " + what);
}

Status Gpu::kernel(const char* name, CUfunction* out) {
  const OnGpu on(*this);
  if (!on.status().ok()) return on.status();
  CUlibrary library = nullptr;
  if (Status status = load_image(driver_, name, &library); !status.ok()) return status;
  CUkernel kernel = nullptr;
  const std::string what = std::string("it cannot load the kernel ") + name;
  Status status = check(driver_.cuLibraryGetKernel(&kernel, library, name), what);
  return status.ok() ? check(driver_.cuKernelGetFunction(out, kernel), what) : status;
}

Status Gpu::allocate(size_t bytes, void** out) const {
  const OnGpu on(*this);
  if (!on.status().ok()) return on.status();
  const std::string what = "it cannot allocate " + std::to_string(bytes) + " bytes";
  CUdeviceptr address = 0;
  if (Status status = check(driver_.cuMemAlloc(&address, bytes), what); !status.ok()) return status;
  // The null stream's, and not waited for by others: the zeros are there before anyone knows the address.
  CUresult result = driver_.cuMemsetD8(address, 0, bytes);
  if (result == CUDA_SUCCESS) result = driver_.cuStreamSynchronize(nullptr);
  if (result != CUDA_SUCCESS) driver_.cuMemFree(address);
  *out = reinterpret_cast<void*>(address);
  return check(result, what);
}

void Gpu::free(void* address) const {
  const OnGpu on(*this);
  if (on.status().ok()) driver_.cuMemFree(reinterpret_cast<CUdeviceptr>(address));
}

Status Gpu::allocate_pinned(size_t bytes, void** out, CUdeviceptr* device) const {
  const OnGpu on(*this);
  if (!on.status().ok()) return on.status();
  const std::string what = "it cannot allocate " + std::to_string(bytes) + " bytes of pinned host memory";
  Status status = check(driver_.cuMemHostAlloc(out, bytes, CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP), what);
  if (!status.ok()) return status;
  std::memset(*out, 0, bytes);
  status = check(driver_.cuMemHostGetDevicePointer(device, *out, 0), what);
  if (!status.ok()) driver_.cuMemFreeHost(*out);
  return status;
}

void Gpu::free_pinned(void* address) const {
  const OnGpu on(*this);
  if (on.status().ok()) driver_.cuMemFreeHost(address);
}

Status Gpu::copy(void* to, const void* from, size_t bytes) const {
  const OnGpu on(*this);
  if (!on.status().ok()) return on.status();
  CUresult result = driver_.cuMemcpy(reinterpret_cast<CUdeviceptr>(to), reinterpret_cast<CUdeviceptr>(from), bytes);
  // A copy within a GPU may still be under way.
  if (result == CUDA_SUCCESS) result = driver_.cuStreamSynchronize(nullptr);
  return check(result, "it cannot copy " + std::to_string(bytes) + " bytes");
}

Status Gpu::reach(const Gpu& other) {
  if (&other == this) return {};
  const OnGpu on(*this);
  if (!on.status().ok()) return on.status();
  const CUresult result = driver_.cuCtxEnablePeerAccess(other.context_, 0);
  if (result == CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) return {};
  return check(result, "it cannot reach the memory of GPU " + std::to_string(other.number_));
}

OnGpu::OnGpu(const Gpu& gpu)
    : driver_(gpu.driver_), status_(gpu.check(driver_.cuCtxPushCurrent(gpu.context_), "its context cannot be used")) {}

OnGpu::~OnGpu() {
  if (CUcontext popped = nullptr; status_.ok()) driver_.cuCtxPopCurrent(&popped);
}

}  // namespace hawser::cuda
