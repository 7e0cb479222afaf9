// The C interface between NCCL and its network plugins, versions 6 to 12, as both of our halves need it: the host that
// loads a plugin (net/plugin) and the plugin that NCCL loads (cpp/nccl). A plugin exports one constant table for each
// version that it serves, named ncclNetPlugin_vN, see nccl_tables.h; a host takes the newest that it knows.
//
// Nothing here may change: field order and types are the contract. The versions differ in the properties' layout (never
// cast one to another) and in arguments that were inserted in the middle of a call.
//
// Calls of one comm are made by one thread at a time. All return at once; an object that comes back null means "not
// yet, call again". Strings and tables belong to the plugin and live as long as it is loaded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser::nccl {

constexpr int kOldestVersion = 6;
constexpr int kNewestVersion = 12;
constexpr const char* kSymbolPrefix = "ncclNetPlugin_v";

constexpr int kHandleBytes = 128;       // what a listener may tell its connector
constexpr int kMaxRequests = 32;        // under way in one comm, since version 7
constexpr int kMaxRequestsV6 = 8;       // the same before
constexpr int kTrafficClassUnset = -1;  // CommConfig
constexpr int kIdUnset = -1;            // rail_id, plane_id
// What irecv may find in *request since version 9: the caller does not mind when a receive is called complete.
constexpr uintptr_t kOptionalReceiveCompletion = 1;

// Kinds of memory, as a bit set in the properties and as one kind in reg_mr.
constexpr int kPointerHost = 1;
constexpr int kPointerCuda = 2;
constexpr int kPointerDmaBuf = 4;

enum Result : int {
  kSuccess = 0,
  kUnhandledCudaError = 1,
  kSystemError = 2,
  kInternalError = 3,
  kInvalidArgument = 4,
  kInvalidUsage = 5,
  kRemoteError = 6,
};

enum LogLevel : int {
  kLogNone = 0,
  kLogVersion = 1,
  kLogWarn = 2,
  kLogInfo = 3,
  kLogAbort = 4,
  kLogTrace = 5,
};

constexpr unsigned long kLogInit = 1;  // what a message is about
constexpr unsigned long kLogNet = 16;

// printf's format and arguments; `file` and `line` (a function's name for some callers) tell where.
using Logger = void (*)(LogLevel level, unsigned long about, const char* file, int line, const char* format, ...);

// Events that a plugin may report to NCCL's profiler; may be null.
using ProfilerCallback = Result (*)(void** event, int type, void* parent, int64_t plugin_id, void* data);

// Who finishes a receive: the host as ever, or code on the GPU that gathers its pieces.
enum NetDeviceType : int {
  kNetDeviceHost = 0,
  kNetDeviceUnpack = 1,
  kNetDeviceGinProxy = 2,
  kNetDeviceGinGdaki = 3,
};
constexpr int kNetDeviceUnpackVersion = 7;

// Since version 7. The caller of connect() and accept() passes storage for it when it wants the offload, and null when
// it does not; the plugin fills it when the comm exists.
struct NetDeviceHandle {
  NetDeviceType type;
  int version;
  void* handle;  // in the memory of the device, for the kernel: UnpackDevice
  size_t size;
  int needs_proxy_progress;  // the host must go on testing while the kernel works
};
static_assert(sizeof(NetDeviceHandle) == 32);
static_assert(offsetof(NetDeviceHandle, handle) == 8 && offsetof(NetDeviceHandle, needs_proxy_progress) == 24);

// ------------------------------------------------------------------------------------------ the unpack net device
// A message arrives as fragments in one bounce buffer. For the n-th receive of a comm (n from 0), slot
// n % kUnpackQueueDepth says how to put it together. Once test() has called the receive done, its slot is filled; its
// fragments stay until irecv_consumed().
constexpr int kUnpackQueueDepth = 16;
constexpr size_t kUnpackMaxBytes = size_t{4} << 20;  // of one receive
constexpr size_t kUnpackMaxFragments = 2048;         // of one receive

struct alignas(16) UnpackFragment {
  uint32_t source;  // offset in the bounce buffer
  uint32_t bytes;
  uint64_t target;  // offset in the receive's own buffer
};
static_assert(sizeof(UnpackFragment) == 16);

// In memory that host and device see at the same address.
struct UnpackQueue {
  UnpackFragment fragments[kUnpackQueueDepth][kUnpackMaxFragments];
  uint64_t count[kUnpackQueueDepth];
};
static_assert(sizeof(UnpackQueue) == kUnpackQueueDepth * (kUnpackMaxFragments * 16 + 8));

// What NetDeviceHandle::handle points to.
struct UnpackDevice {
  UnpackQueue* queue;
  void* bounce;
  uint64_t head;  // receives that the kernel has begun, less one; the kernel's own
};
static_assert(sizeof(UnpackDevice) == 24);

}  // namespace hawser::nccl
