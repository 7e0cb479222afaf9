// A CUDA driver without a GPU, for tests alone: libcuda.so.1 of two devices whose memory is the host's. Streams are
// threads that do one thing after the other and take their time, so that what does not wait for them is found out; a
// handle of memory is opened through /proc, as another process would; the kernels that it knows are the host's builds
// of ours. FAKE_CUDA_INIT is what cuInit returns, FAKE_CUDA_VERSION what the driver says to be.
//
// With FAKE_CUDA_GUARD=1 nobody but the driver's own copies and the unpack kernel can touch the memory of a GPU: who
// else reads or writes its addresses ends by SIGSEGV (other kernels too, so they cannot run then), and copies on
// streams want pinned host memory, as they do to be asynchronous. FAKE_CUDA_COPY_MICROS is what such a copy or kernel
// takes; FAKE_CUDA_FAIL=1 lets copies fail.
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
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "../cuda/bidir_put.cuh"
#include "../cuda/unpack.cuh"
#include "host_access.h"

namespace {

constexpr int kDevices = 2;
constexpr unsigned kMagic = 0xba55ed50;  // what a fatbin begins with

struct Allocation {
  size_t bytes;
  int device;
  int fd;                // -1: another process's
  unsigned char* alias;  // where the driver reaches it
};

std::mutex mutex;
std::map<CUdeviceptr, Allocation> allocations;
std::map<uintptr_t, size_t> pinned;
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

int setting(const char* name, int fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atoi(text);
}

bool fails() { return setting("FAKE_CUDA_FAIL", 0) != 0; }
bool guarded() { return setting("FAKE_CUDA_GUARD", 0) != 0; }

// Whether memory of the host is pinned; the lock is held.
bool is_pinned(uintptr_t address, size_t bytes) {
  const auto next = pinned.upper_bound(address);
  if (next == pinned.begin()) return false;
  const auto& [start, size] = *std::prev(next);
  return address + bytes <= start + size;
}

CUresult map(int fd, size_t bytes, int kept_fd, CUdeviceptr* out) {
  void* at = mmap(nullptr, bytes, guarded() ? PROT_NONE : PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  void* alias = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED || alias == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  *out = reinterpret_cast<CUdeviceptr>(at);
  const std::scoped_lock lock(mutex);
  allocations[*out] = {bytes, current_device(), kept_fd, static_cast<unsigned char*>(alias)};
  return CUDA_SUCCESS;
}

// Where the driver reaches what others name by its address, which may be the host's.
void* reach(CUdeviceptr address) {
  const std::scoped_lock lock(mutex);
  const auto found = find(address);
  return found == allocations.end() ? reinterpret_cast<void*>(address) : found->second.alias + (address - found->first);
}

uint64_t reached(uint64_t address) { return reinterpret_cast<uint64_t>(reach(address)); }

// Late: what is read too early is not there yet, what is given back too early has gone.
void dawdle() { std::this_thread::sleep_for(std::chrono::microseconds(setting("FAKE_CUDA_COPY_MICROS", 0))); }

bool is_pinned_or_device(CUdeviceptr address, size_t bytes) {
  const std::scoped_lock lock(mutex);
  return find(address) != allocations.end() || is_pinned(address, bytes);
}

CUresult unmap(CUdeviceptr address) {
  const std::scoped_lock lock(mutex);
  const auto found = allocations.find(address);
  if (found == allocations.end()) return CUDA_ERROR_INVALID_VALUE;
  munmap(reinterpret_cast<void*>(address), found->second.bytes);
  munmap(found->second.alias, found->second.bytes);
  if (found->second.fd >= 0) close(found->second.fd);
  allocations.erase(found);
  return CUDA_SUCCESS;
}

// Takes the arguments, which are gone when the launch returns, and gives back what the kernel does.
using Work = std::function<void()>;
struct Kernel {
  const char* name;
  Work (*work)(void** arguments);
};

template <typename Argument>
Argument argument(void** arguments, size_t index) {
  return *static_cast<Argument*>(arguments[index]);
}

Work bidir_put(void** arguments) {
  const auto channel = argument<hawser_port_device_channel>(arguments, 0);
  const auto rank = argument<uint32_t>(arguments, 1);
  const auto bytes = argument<uint64_t>(arguments, 2);
  const auto iterations = argument<uint32_t>(arguments, 3);
  const auto timeout = argument<uint64_t>(arguments, 4);
  auto* code = reinterpret_cast<int32_t*>(argument<CUdeviceptr>(arguments, 5));
  return [=] {
    *code = hawser::bidir_put(hawser::BasicPortChannel<hawser::HostAccess>(channel), rank, bytes, iterations, timeout);
  };
}

Work unpack(void** arguments) {
  constexpr uint32_t kLanes = 32;
  const auto* tiles = reinterpret_cast<const hawser::UnpackTile*>(argument<CUdeviceptr>(arguments, 0));
  const auto count = argument<uint32_t>(arguments, 1);
  return [=] {
    dawdle();
    for (uint32_t i = 0; i < count; ++i) {
      const hawser::UnpackTile tile{reached(tiles[i].source), reached(tiles[i].destination), tiles[i].bytes};
      for (uint32_t lane = 0; lane < kLanes; ++lane) hawser::copy_tile(tile, lane, kLanes);
    }
  };
}

constexpr Kernel kKernels[] = {{"hawser_bidir_put", bidir_put}, {"hawser_unpack", unpack}};

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
CUresult cuDeviceTotalMem(size_t* bytes, CUdevice) {
  *bytes = size_t{8} << 30;
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
  const bool host = found == allocations.end();
  if (host && !is_pinned(address, 1)) return CUDA_ERROR_INVALID_VALUE;
  if (attribute == CU_POINTER_ATTRIBUTE_MEMORY_TYPE) {
    *static_cast<CUmemorytype*>(value) = host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
  }
  if (attribute == CU_POINTER_ATTRIBUTE_DEVICE_POINTER) *static_cast<CUdeviceptr*>(value) = address;
  if (host) return CUDA_SUCCESS;
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
  std::memset(reach(address), value, bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  std::memcpy(reach(to), reach(from), bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  if (guarded() && !(is_pinned_or_device(to, bytes) && is_pinned_or_device(from, bytes))) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  if (fails()) return CUDA_SUCCESS;  // its event will tell
  stream->add([=] {
    dawdle();
    (void)cuMemcpy(to, from, bytes);
  });
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
// Of whole allocations alone: its file stands for the buffer.
CUresult cuMemGetHandleForAddressRange(void* handle, CUdeviceptr address, size_t, CUmemRangeHandleType,
                                       unsigned long long) {
  const std::scoped_lock lock(mutex);
  const auto found = allocations.find(address);
  if (found == allocations.end() || found->second.fd < 0) return CUDA_ERROR_INVALID_VALUE;
  *static_cast<int*>(handle) = fcntl(found->second.fd, F_DUPFD_CLOEXEC, 0);
  return CUDA_SUCCESS;
}
CUresult cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (*address == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  const std::scoped_lock lock(mutex);
  pinned[reinterpret_cast<uintptr_t>(*address)] = bytes;
  return CUDA_SUCCESS;
}
CUresult cuMemFreeHost(void* address) {
  {
    const std::scoped_lock lock(mutex);
    pinned.erase(reinterpret_cast<uintptr_t>(address));
  }
  std::free(address);
  return CUDA_SUCCESS;
}
CUresult cuMemHostRegister(void* address, size_t bytes, unsigned) {
  const std::scoped_lock lock(mutex);
  const bool fresh = pinned.emplace(reinterpret_cast<uintptr_t>(address), bytes).second;
  return fresh ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
}
CUresult cuMemHostUnregister(void* address) {
  const std::scoped_lock lock(mutex);
  return pinned.erase(reinterpret_cast<uintptr_t>(address)) == 1 ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
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
  stream->add([=] { hawser::HostAccess::store_release_system(static_cast<uint64_t*>(reach(address)), value); });
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
  event->reached = false;
  stream->add([=] {
    event->when = std::chrono::steady_clock::now();
    event->reached = true;
  });
  return CUDA_SUCCESS;
}
CUresult cuEventQuery(CUevent event) {
  if (!event->reached) return CUDA_ERROR_NOT_READY;
  return fails() ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS;
}
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
CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary, const char* name) {
  for (const Kernel& known : kKernels) {
    if (std::strcmp(name, known.name) != 0) continue;
    *kernel = reinterpret_cast<CUkernel>(const_cast<Kernel*>(&known));
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_NOT_FOUND;
}
CUresult cuKernelGetFunction(CUfunction* function, CUkernel kernel) {
  *function = reinterpret_cast<CUfunction>(kernel);
  return CUDA_SUCCESS;
}
CUresult cuLaunchKernel(CUfunction function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                        CUstream stream, void** arguments, void**) {
  stream->add(reinterpret_cast<const Kernel*>(function)->work(arguments));
  return CUDA_SUCCESS;
}

}  // extern "C"
