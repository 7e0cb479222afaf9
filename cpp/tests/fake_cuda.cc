// A CUDA driver without a GPU, for tests alone: libcuda.so.1 of two devices whose memory is the host's. Streams are
// threads that do one thing after the other and take their time, so that what does not wait for them is found out; a
// handle of memory is opened through /proc, as another process would; the one kernel that it knows is the host's
// build of ours. FAKE_CUDA_INIT is what cuInit returns, FAKE_CUDA_VERSION what the driver says to be.
#include <cuda.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "../cuda/bidir_put.cuh"
#include "host_access.h"

namespace {

constexpr int kDevices = 2;
constexpr unsigned kMagic = 0xba55ed50;  // what a fatbin begins with

struct Allocation {
  size_t bytes;
  int device;
  int fd;  // -1: another process's
};

std::mutex mutex;
std::map<CUdeviceptr, Allocation> allocations;
std::set<void*> pinned;
thread_local std::deque<CUcontext> contexts;

CUcontext context_of(int device) { return reinterpret_cast<CUcontext>(static_cast<uintptr_t>(device + 1)); }
int current_device() {
  return contexts.empty() ? -1 : static_cast<int>(reinterpret_cast<uintptr_t>(contexts.back())) - 1;
}

// The allocation that an address is in; the lock is held.
std::map<CUdeviceptr, Allocation>::iterator find(CUdeviceptr address) {
  auto next = allocations.upper_bound(address);
  if (next == allocations.begin()) return allocations.end();
  --next;
  return address - next->first < next->second.bytes ? next : allocations.end();
}

CUresult map(int fd, size_t bytes, int kept_fd, CUdeviceptr* out) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  *out = reinterpret_cast<CUdeviceptr>(at);
  const std::scoped_lock lock(mutex);
  allocations[*out] = {bytes, current_device(), kept_fd};
  return CUDA_SUCCESS;
}

CUresult unmap(CUdeviceptr address) {
  const std::scoped_lock lock(mutex);
  const auto found = allocations.find(address);
  if (found == allocations.end()) return CUDA_ERROR_INVALID_VALUE;
  munmap(reinterpret_cast<void*>(address), found->second.bytes);
  if (found->second.fd >= 0) close(found->second.fd);
  allocations.erase(found);
  return CUDA_SUCCESS;
}

int setting(const char* name, int fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atoi(text);
}

struct Handle {
  pid_t pid;
  int fd;
  size_t bytes;
};

}  // namespace

struct CUstream_st {
  CUstream_st() : thread([this] { run(); }) {}
  ~CUstream_st() {
    {
      const std::scoped_lock lock(guard);
      over = true;
    }
    changed.notify_all();
    thread.join();
  }
  void add(std::function<void()> work) {
    const std::scoped_lock lock(guard);
    works.push_back(std::move(work));
    changed.notify_all();
  }
  bool idle() {
    const std::scoped_lock lock(guard);
    return works.empty();
  }

 private:
  void run() {
    std::unique_lock lock(guard);
    for (;;) {
      changed.wait(lock, [&] { return over || !works.empty(); });
      if (works.empty()) return;
      const std::function<void()> work = works.front();
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      work();
      lock.lock();
      works.pop_front();
    }
  }
  std::mutex guard;
  std::condition_variable changed;
  std::deque<std::function<void()>> works;
  bool over = false;
  std::thread thread;
};

struct CUevent_st {
  std::atomic<bool> reached{false};
  std::chrono::steady_clock::time_point when;
};

extern "C" {

CUresult cuInit(unsigned) { return static_cast<CUresult>(setting("FAKE_CUDA_INIT", CUDA_SUCCESS)); }
CUresult cuDriverGetVersion(int* version) {
  *version = setting("FAKE_CUDA_VERSION", 13000);
  return CUDA_SUCCESS;
}
CUresult cuGetErrorName(CUresult error, const char** text) {
  *text = error == CUDA_ERROR_NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_OF_THE_FAKE";
  return CUDA_SUCCESS;
}
CUresult cuGetErrorString(CUresult, const char** text) {
  *text = "told by the fake driver";
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetCount(int* count) {
  *count = kDevices;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGet(CUdevice* device, int number) {
  *device = number;
  return number < kDevices ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}
CUresult cuDeviceGetName(char* name, int bytes, CUdevice device) {
  std::snprintf(name, static_cast<size_t>(bytes), "fake GPU %d", device);
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute, CUdevice) {
  *value = 1;
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  *context = context_of(device);
  return CUDA_SUCCESS;
}
CUresult cuCtxPushCurrent(CUcontext context) {
  contexts.push_back(context);
  return CUDA_SUCCESS;
}
CUresult cuCtxPopCurrent(CUcontext* context) {
  *context = contexts.back();
  contexts.pop_back();
  return CUDA_SUCCESS;
}
CUresult cuCtxEnablePeerAccess(CUcontext, unsigned) { return CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED; }

CUresult cuPointerGetAttribute(void* value, CUpointer_attribute attribute, CUdeviceptr address) {
  const std::scoped_lock lock(mutex);
  const auto found = find(address);
  if (found == allocations.end()) return CUDA_ERROR_INVALID_VALUE;
  if (attribute == CU_POINTER_ATTRIBUTE_MEMORY_TYPE) *static_cast<CUmemorytype*>(value) = CU_MEMORYTYPE_DEVICE;
  if (attribute == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL) *static_cast<int*>(value) = found->second.device;
  return CUDA_SUCCESS;
}
CUresult cuMemAlloc(CUdeviceptr* address, size_t bytes) {
  const int fd = memfd_create("fake-gpu", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(bytes)) != 0) return CUDA_ERROR_OUT_OF_MEMORY;
  return map(fd, bytes, fd, address);
}
CUresult cuMemFree(CUdeviceptr address) { return unmap(address); }
CUresult cuMemsetD8(CUdeviceptr address, unsigned char value, size_t bytes) {
  std::memset(reinterpret_cast<void*>(address), value, bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  stream->add([=] { (void)cuMemcpy(to, from, bytes); });
  return CUDA_SUCCESS;
}
CUresult cuMemGetAddressRange(CUdeviceptr* base, size_t* bytes, CUdeviceptr address) {
  const std::scoped_lock lock(mutex);
  const auto found = find(address);
  if (found == allocations.end()) return CUDA_ERROR_INVALID_VALUE;
  *base = found->first;
  *bytes = found->second.bytes;
  return CUDA_SUCCESS;
}
CUresult cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  return *address == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}
CUresult cuMemFreeHost(void* address) {
  std::free(address);
  return CUDA_SUCCESS;
}
CUresult cuMemHostRegister(void* address, size_t, unsigned) {
  const std::scoped_lock lock(mutex);
  return pinned.insert(address).second ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
}
CUresult cuMemHostUnregister(void* address) {
  const std::scoped_lock lock(mutex);
  return pinned.erase(address) == 1 ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
}
CUresult cuMemHostGetDevicePointer(CUdeviceptr* device, void* address, unsigned) {
  *device = reinterpret_cast<CUdeviceptr>(address);
  return CUDA_SUCCESS;
}

CUresult cuIpcGetMemHandle(CUipcMemHandle* out, CUdeviceptr base) {
  const std::scoped_lock lock(mutex);
  const auto found = allocations.find(base);
  if (found == allocations.end() || found->second.fd < 0) return CUDA_ERROR_INVALID_VALUE;
  const Handle handle{getpid(), found->second.fd, found->second.bytes};
  std::memcpy(out, &handle, sizeof(handle));
  return CUDA_SUCCESS;
}
CUresult cuIpcOpenMemHandle(CUdeviceptr* out, CUipcMemHandle in, unsigned) {
  Handle handle{};
  std::memcpy(&handle, &in, sizeof(handle));
  if (handle.pid == getpid()) return CUDA_ERROR_INVALID_CONTEXT;
  const std::string path = "/proc/" + std::to_string(handle.pid) + "/fd/" + std::to_string(handle.fd);
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return CUDA_ERROR_MAP_FAILED;
  const CUresult result = map(fd, handle.bytes, -1, out);
  close(fd);
  return result;
}
CUresult cuIpcCloseMemHandle(CUdeviceptr address) { return unmap(address); }

CUresult cuStreamCreate(CUstream* stream, unsigned) {
  *stream = new CUstream_st;
  return CUDA_SUCCESS;
}
CUresult cuStreamDestroy(CUstream stream) {
  delete stream;
  return CUDA_SUCCESS;
}
CUresult cuStreamQuery(CUstream stream) { return stream->idle() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY; }
CUresult cuStreamSynchronize(CUstream) { return CUDA_SUCCESS; }  // of the null stream alone
CUresult cuStreamWriteValue64(CUstream stream, CUdeviceptr address, cuuint64_t value, unsigned) {
  stream->add([=] { hawser::HostAccess::store_release_system(reinterpret_cast<uint64_t*>(address), value); });
  return CUDA_SUCCESS;
}
CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void* data) {
  stream->add([=] { function(data); });
  return CUDA_SUCCESS;
}
CUresult cuEventCreate(CUevent* event, unsigned) {
  *event = new CUevent_st;
  return CUDA_SUCCESS;
}
CUresult cuEventDestroy(CUevent event) {
  delete event;
  return CUDA_SUCCESS;
}
CUresult cuEventRecord(CUevent event, CUstream stream) {
  stream->add([=] {
    event->when = std::chrono::steady_clock::now();
    event->reached = true;
  });
  return CUDA_SUCCESS;
}
CUresult cuEventQuery(CUevent event) { return event->reached ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY; }
CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  *milliseconds = std::chrono::duration<float, std::milli>(end->when - start->when).count();
  return CUDA_SUCCESS;
}

#ifndef FAKE_CUDA_OLD
CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option*, void**, unsigned, CUlibraryOption*,
                           void**, unsigned) {
  unsigned magic = 0;
  std::memcpy(&magic, code, sizeof(magic));
  *library = reinterpret_cast<CUlibrary>(const_cast<void*>(code));
  return magic == kMagic ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}
#endif
CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary library, const char* name) {
  *kernel = reinterpret_cast<CUkernel>(library);
  return std::strcmp(name, "hawser_bidir_put") == 0 ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
CUresult cuKernelGetFunction(CUfunction* function, CUkernel kernel) {
  *function = reinterpret_cast<CUfunction>(kernel);
  return CUDA_SUCCESS;
}
// The arguments of hawser_bidir_put.
CUresult cuLaunchKernel(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                        CUstream stream, void** arguments, void**) {
  const auto channel = *static_cast<hawser_port_device_channel*>(arguments[0]);
  const auto rank = *static_cast<uint32_t*>(arguments[1]);
  const auto bytes = *static_cast<uint64_t*>(arguments[2]);
  const auto iterations = *static_cast<uint32_t*>(arguments[3]);
  const auto timeout = *static_cast<uint64_t*>(arguments[4]);
  auto* code = reinterpret_cast<int32_t*>(*static_cast<CUdeviceptr*>(arguments[5]));
  stream->add([=] {
    *code = hawser::bidir_put(hawser::BasicPortChannel<hawser::HostAccess>(channel), rank, bytes, iterations, timeout);
  });
  return CUDA_SUCCESS;
}

}  // extern "C"
