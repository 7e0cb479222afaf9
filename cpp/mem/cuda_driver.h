// The CUDA driver API, found at run time: the library runs on machines without a GPU, and needs nothing of CUDA to be
// linked or started. cuda.h gives the types alone.
#pragma once

#include <cuda.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"

namespace hawser::cuda {

// All that is used of it. Names are macros in cuda.h where a function has a newer version: these are followed, in the
// fields below and in what is looked up.
#define HAWSER_CUDA_FUNCTIONS(X)   \
  X(cuInit)                        \
  X(cuGetErrorName)                \
  X(cuGetErrorString)              \
  X(cuDriverGetVersion)            \
  X(cuDeviceGetCount)              \
  X(cuDeviceGet)                   \
  X(cuDeviceGetName)               \
  X(cuDeviceGetAttribute)          \
  X(cuDeviceTotalMem)              \
  X(cuDevicePrimaryCtxRetain)      \
  X(cuCtxPushCurrent)              \
  X(cuCtxPopCurrent)               \
  X(cuCtxEnablePeerAccess)         \
  X(cuPointerGetAttribute)         \
  X(cuMemAlloc)                    \
  X(cuMemFree)                     \
  X(cuMemsetD8)                    \
  X(cuMemcpy)                      \
  X(cuMemcpyAsync)                 \
  X(cuMemGetAddressRange)          \
  X(cuMemGetHandleForAddressRange) \
  X(cuMemHostAlloc)                \
  X(cuMemFreeHost)                 \
  X(cuMemHostRegister)             \
  X(cuMemHostUnregister)           \
  X(cuMemHostGetDevicePointer)     \
  X(cuIpcGetMemHandle)             \
  X(cuIpcOpenMemHandle)            \
  X(cuIpcCloseMemHandle)           \
  X(cuStreamCreate)                \
  X(cuStreamDestroy)               \
  X(cuStreamQuery)                 \
  X(cuStreamSynchronize)           \
  X(cuStreamWriteValue64)          \
  X(cuLaunchHostFunc)              \
  X(cuEventCreate)                 \
  X(cuEventDestroy)                \
  X(cuEventRecord)                 \
  X(cuEventQuery)                  \
  X(cuEventElapsedTime)            \
  X(cuLibraryLoadData)             \
  X(cuLibraryGetKernel)            \
  X(cuKernelGetFunction)           \
  X(cuLaunchKernel)

class Driver {
 public:
#define HAWSER_CUDA_FIELD(name) decltype(&::name) name = nullptr;
  HAWSER_CUDA_FUNCTIONS(HAWSER_CUDA_FIELD)
#undef HAWSER_CUDA_FIELD

  // [any] The machine's, loaded and initialised at the first call. HAWSER_UNSUPPORTED with the reason when it cannot be
  // used; the answer stays the same for the life of the process.
  static Status get(const Driver** out);
  // Any library of that name; never unloaded.
  static Status load(const char* library, Driver* out);

  // [any] What a call returned: OK, or `what` with CUDA's name for the error.
  Status check(CUresult result, const std::string& what) const;
  int devices() const { return devices_; }
  int version() const { return version_; }  // 13000 for 13.0

 private:
  int devices_ = 0;
  int version_ = 0;
};

// One GPU with its primary context, the one that CUDA's run-time and frameworks use too. Kept to the end of the
// process.
class Gpu {
 public:
  // [any]
  static Status get(int number, Gpu** out);
  // [any] The GPU whose memory `address` is in.
  static Status of(const void* address, Gpu** out);

  int number() const { return number_; }
  CUdevice device() const { return device_; }
  const Driver& driver() const { return driver_; }
  // [any] As Driver::check, with the GPU's number.
  Status check(CUresult result, const std::string& what) const;

  // [any] A kernel of the embedded images, ready to be launched: loading one while another kernel waits for a peer
  // could wait for that kernel.
  Status kernel(const char* name, CUfunction* out);

  // [any, blocks] Zeroed memory of the GPU.
  Status allocate(size_t bytes, void** out) const;
  void free(void* address) const;
  // [any, blocks] Zeroed host memory that every GPU sees, at `device`.
  Status allocate_pinned(size_t bytes, void** out, CUdeviceptr* device) const;
  void free_pinned(void* address) const;

  // [any, blocks] Between any two memories of the host and of GPUs.
  Status copy(void* to, const void* from, size_t bytes) const;

  // [any] Lets the GPU read and write the other's memory.
  Status reach(const Gpu& other);

 private:
  Gpu(const Driver& driver, int number) : driver_(driver), number_(number) {}
  Status open();

  const Driver& driver_;
  const int number_;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;

  friend class OnGpu;
};

// While it lives, the calling thread's CUDA calls are for this GPU.
class OnGpu {
 public:
  explicit OnGpu(const Gpu& gpu);
  ~OnGpu();
  OnGpu(const OnGpu&) = delete;
  OnGpu& operator=(const OnGpu&) = delete;
  // Asked for before any other call.
  const Status& status() const { return status_; }

 private:
  const Driver& driver_;
  Status status_;
};

}  // namespace hawser::cuda
