// A network plugin for tests, in memory, between comms of one process. Data moves when both ends have posted and one of
// them tests, so that a buffer is used as late as a network may use it. Built twice: with tables of all versions, and
// (TEST_PLUGIN_UNPACK) with version 7 only, where it is a net device that leaves payloads in fragments.
#include "net/tests/plugin/test_plugin.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/nccl_tables.h"
#include "net/tests/plugin/regions.h"
#ifdef TEST_PLUGIN_UNPACK
#include "net/tests/plugin/fragments.h"
#endif

using namespace hawser::nccl;
using namespace hawser::testing;

namespace {

struct Comm;
struct Message {
  Comm* comm;
  char* data;
  size_t bytes;
  int gpu;
  size_t moved = 0;
  bool done = false;
  bool flush = false;
  std::vector<char> unseen = {};  // received for a GPU, which sees it when it was flushed
};

// One direction between two ends; what either end posted and the other has not met.
struct Wire {
  std::mutex mutex;
  std::deque<Message*> sends;
  std::deque<Message*> receives;
  bool closed = false;
};

struct Comm {
  std::shared_ptr<Wire> wire;
  bool sends;
  std::deque<std::unique_ptr<Message>> posted;  // not yet told done
  std::deque<std::unique_ptr<Message>> unflushed;
  Regions regions;
#ifdef TEST_PLUGIN_UNPACK
  std::unique_ptr<Fragments> fragments;
#endif
};

struct Listener {
  uint64_t id;
  std::deque<std::shared_ptr<Wire>> waiting;
};

std::mutex listeners_mutex;
// Never freed: a thread that its host gave up may close a listener after main() has ended.
std::map<uint64_t, Listener*>& listeners = *new std::map<uint64_t, Listener*>;
uint64_t next_listener = 1;

Comm* new_comm(std::shared_ptr<Wire> wire, bool sends) {
  ++faults.open_comms;
  auto* comm = new Comm;
  comm->wire = std::move(wire);
  comm->sends = sends;
  return comm;
}

Result init() {
  setenv(kTestVariable, "simple", 1);
  setenv("HAWSER_TEST_PLUGIN", "was here", 1);
  return faults.init_fails ? failed("init") : kSuccess;
}

Result devices(int* count) {
  *count = kTestDevices;
  return kSuccess;
}

void wait_while_blocked() {
  while (faults.blocks) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

Result listen(int, void* handle, void** comm) {
  const std::lock_guard lock(listeners_mutex);
  auto* listener = new Listener{next_listener++, {}};
  listeners[listener->id] = listener;
  std::memset(handle, 0x5a, static_cast<size_t>(faults.handle_bytes.load()));
  std::memcpy(handle, &listener->id, sizeof(listener->id));
  *comm = listener;
  return kSuccess;
}

Result connect(int, void* handle, void** comm) {
  *comm = nullptr;
  if (fails(faults.connects_left)) return failed("connect");
  if (takes_one(faults.null_comms)) return kSuccess;
  uint64_t id = 0;
  std::memcpy(&id, handle, sizeof(id));
  const std::lock_guard lock(listeners_mutex);
  const auto listener = listeners.find(id);
  if (listener == listeners.end()) return failed("a connection to nobody");
  auto wire = std::make_shared<Wire>();
  listener->second->waiting.push_back(wire);
  *comm = new_comm(std::move(wire), true);
  return kSuccess;
}

Result accept(void* listen_comm, void** comm) {
  *comm = nullptr;
  auto* listener = static_cast<Listener*>(listen_comm);
  for (;;) {
    {
      const std::lock_guard lock(listeners_mutex);
      if (!listener->waiting.empty()) {
        if (takes_one(faults.null_comms)) return kSuccess;
        *comm = new_comm(listener->waiting.front(), false);
        listener->waiting.pop_front();
        return kSuccess;
      }
    }
    if (!faults.blocks) return kSuccess;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Result close_listen(void* listen_comm) {
  auto* listener = static_cast<Listener*>(listen_comm);
  const std::lock_guard lock(listeners_mutex);
  listeners.erase(listener->id);
  delete listener;
  return kSuccess;
}

Result reg_mr(void* comm, void* data, size_t bytes, int kind, void** memory) {
  return static_cast<Comm*>(comm)->regions.add(data, bytes, kind, memory);
}

Result reg_mr_dma_buf(void* comm, void* data, size_t bytes, int kind, uint64_t offset, int fd, void** memory) {
  return static_cast<Comm*>(comm)->regions.add_dma_buf(data, bytes, kind, offset, fd, memory);
}

Result dereg_mr(void* comm, void* memory) { return static_cast<Comm*>(comm)->regions.remove(memory); }

Result post(Comm* comm, void* data, size_t bytes, void* memory, void** request) {
  *request = nullptr;
  if (fails(comm->sends ? faults.isends_left : faults.irecvs_left)) return failed(comm->sends ? "isend" : "irecv");
  if (takes_one(faults.null_requests)) return kSuccess;
  const Region* region = comm->regions.find(memory);
  const bool inside = region != nullptr && region->holds(data, bytes);
  if (!inside && !faults.null_memory) return failed("a message outside of registered memory");
  if (comm->posted.size() >= static_cast<size_t>(kMaxRequestsV6)) return failed("one request too many");
#ifdef TEST_PLUGIN_UNPACK
  if (!comm->sends && !comm->fragments->reserve(bytes)) return kSuccess;
#endif
  const int gpu = region == nullptr ? kHost : region->gpu;
  comm->posted.push_back(std::make_unique<Message>(Message{comm, static_cast<char*>(data), bytes, gpu}));
  const int in_flight = static_cast<int>(comm->posted.size());
  if (in_flight > faults.most_in_flight) faults.most_in_flight = in_flight;
  Message* message = comm->posted.back().get();
  const std::lock_guard lock(comm->wire->mutex);
  (comm->sends ? comm->wire->sends : comm->wire->receives).push_back(message);
  *request = message;
  return kSuccess;
}

// With the wire's mutex.
Result move(Wire& wire) {
  while (!wire.sends.empty() && !wire.receives.empty()) {
    Message* from = wire.sends.front();
    Message* to = wire.receives.front();
    if (from->bytes > to->bytes) return kInvalidUsage;
#ifdef TEST_PLUGIN_UNPACK
    std::vector<char> gathered(from->bytes);
    copy(gathered.data(), kHost, from->data, from->gpu, from->bytes);
    to->comm->fragments->scatter(gathered.data(), gathered.size(), faults.garbles);
    faults.failed_copies += to->comm->fragments->failed_copies();
#else
    if (to->gpu >= 0 && faults.needs_flush) {
      to->unseen.resize(from->bytes);
      copy(to->unseen.data(), kHost, from->data, from->gpu, from->bytes);
    } else {
      copy(to->data, to->gpu, from->data, from->gpu, from->bytes);
    }
#endif
    from->moved = to->moved = from->bytes;
    from->done = to->done = true;
    wire.sends.pop_front();
    wire.receives.pop_front();
  }
  return kSuccess;
}

Result test_flush(Message& flush, int* done) {
  if (fails(faults.flush_tests_left)) return failed("the test of a flush");
  if (faults.flush_frozen) return kSuccess;
  copy(flush.data, flush.gpu, flush.unseen.data(), kHost, flush.unseen.size());
  auto& unflushed = flush.comm->unflushed;
  unflushed.erase(
      std::find_if(unflushed.begin(), unflushed.end(), [&](const auto& message) { return message.get() == &flush; }));
  *done = 1;
  return kSuccess;
}

Result test(void* request, int* done, int* bytes) {
  *done = 0;
  auto* message = static_cast<Message*>(request);
  Comm* comm = message->comm;
  if (message->flush) return test_flush(*message, done);
  if (fails(faults.tests_left)) return failed("test");
  if (faults.frozen) return kSuccess;
  // The oldest that is not done, as no other could be asked for.
  const auto oldest =
      std::find_if(comm->posted.begin(), comm->posted.end(), [](const auto& m) { return m->data != nullptr; });
  if (oldest == comm->posted.end() || oldest->get() != message) return failed("a test out of order");
  {
    const std::lock_guard lock(comm->wire->mutex);
    if (const Result result = move(*comm->wire); result != kSuccess) return result;
    if (!message->done) return comm->wire->closed ? kRemoteError : kSuccess;
  }
  *done = 1;
  if (bytes != nullptr && !faults.silent_sizes) *bytes = static_cast<int>(message->moved);
  if (bytes != nullptr && faults.wrong_sizes) *bytes = static_cast<int>(message->bytes) + 1;
#ifdef TEST_PLUGIN_UNPACK
  if (!comm->sends) {
    message->data = nullptr;  // told, but not consumed
    return kSuccess;
  }
#endif
  if (!comm->sends && message->gpu >= 0) comm->unflushed.push_back(std::move(comm->posted.front()));
  comm->posted.pop_front();
  return kSuccess;
}

Result close_comm(void* closed) {
  auto* comm = static_cast<Comm*>(closed);
  {
    const std::lock_guard lock(comm->wire->mutex);
    comm->wire->closed = true;
    (comm->sends ? comm->wire->sends : comm->wire->receives).clear();
  }
  faults.registrations -= comm->regions.size();
  --faults.open_comms;
  delete comm;
  return kSuccess;
}

void describe(int device, char** name, int* pointer_kinds, int* speed, int* max_comms, int* max_receives) {
  static char names[kTestDevices][8];
  std::snprintf(names[device], sizeof(names[device]), "test%d", device);
  *name = names[device];
  *pointer_kinds = faults.pointer_kinds;
  *speed = 1000 * (device + 1);
  *max_comms = 1024;
  *max_receives = 1;
}

template <typename Properties>
Result get_properties(int device, Properties* out) {
  *out = {};
  describe(device, &out->name, &out->pointer_kinds, &out->speed, &out->max_comms, &out->max_receives);
#ifdef TEST_PLUGIN_UNPACK
  out->net_device_type = kNetDeviceUnpack;
  out->net_device_version = kNetDeviceUnpackVersion;
#endif
  return kSuccess;
}

Result init_logger(Logger logger) {
  say = logger;
  return init();
}
Result listen_blocking(int device, void* handle, void** comm) {
  wait_while_blocked();
  return listen(device, handle, comm);
}
Result connect_device(int device, void* handle, void** comm, NetDeviceHandle**) {
  return connect(device, handle, comm);
}
Result accept_device(void* listen_comm, void** comm, NetDeviceHandle** offload) {
  const Result result = accept(listen_comm, comm);
  (void)offload;
#ifdef TEST_PLUGIN_UNPACK
  if (*comm == nullptr) return result;
  if (offload == nullptr) return failed("an accept without the net device");
  auto* accepted = static_cast<Comm*>(*comm);
  accepted->fragments = std::make_unique<Fragments>(faults.bounces_on_gpu);
  **offload = {kNetDeviceUnpack, kNetDeviceUnpackVersion, accepted->fragments->device(), sizeof(UnpackDevice), 1};
#endif
  return result;
}
Result reg_mr_int(void* comm, void* data, int bytes, int kind, void** memory) {
  return bytes < 0 ? kInvalidArgument : reg_mr(comm, data, static_cast<size_t>(bytes), kind, memory);
}
Result isend_int(void* comm, void* data, int bytes, int, void* memory, void** request) {
  return post(static_cast<Comm*>(comm), data, static_cast<size_t>(bytes), memory, request);
}
Result irecv_int(void* comm, int, void** data, int* bytes, int*, void** memories, void** request) {
  return post(static_cast<Comm*>(comm), data[0], static_cast<size_t>(bytes[0]), memories[0], request);
}
// Of the oldest receive for a GPU that was not flushed.
Result iflush(void* comm, int n, void** data, int* bytes, void** memories, void** request) {
  *request = nullptr;
  ++faults.flushes;
  if (fails(faults.flushes_left)) return failed("iflush");
  auto& unflushed = static_cast<Comm*>(comm)->unflushed;
  const auto next =
      std::find_if(unflushed.begin(), unflushed.end(), [](const auto& message) { return !message->flush; });
  const bool right = n == 1 && next != unflushed.end() && (*next)->data == data[0] &&
                     (*next)->moved == static_cast<size_t>(bytes[0]) &&
                     static_cast<Comm*>(comm)->regions.find(memories[0]) != nullptr;
  if (!right) return failed("a flush of what was not received");
  if (!faults.needs_flush) {
    unflushed.erase(next);
    return kSuccess;
  }
  (*next)->flush = true;
  *request = next->get();
  return kSuccess;
}

#ifdef TEST_PLUGIN_UNPACK

Result irecv_consumed(void* comm, int n, void* request) {
  auto* receiver = static_cast<Comm*>(comm);
  const bool oldest = n == 1 && !receiver->posted.empty() && receiver->posted.front().get() == request &&
                      receiver->posted.front()->data == nullptr;
  if (!oldest) return failed("irecvConsumed out of order");
  receiver->fragments->consume();
  receiver->posted.pop_front();
  ++faults.consumed;
  return kSuccess;
}

#else

Result isend(void* comm, void* data, size_t bytes, int, void* memory, void** request) {
  return post(static_cast<Comm*>(comm), data, bytes, memory, request);
}
Result irecv(void* comm, int, void** data, size_t* bytes, int*, void** memories, void** request) {
  if (*request != nullptr) return failed("irecv with a request that was not null");
  return post(static_cast<Comm*>(comm), data[0], bytes[0], memories[0], request);
}

#endif

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED PluginFaults& test_plugin_faults() { return faults; }

#ifdef TEST_PLUGIN_UNPACK

EXPORTED const v7::Net ncclNetPlugin_v7 = {
    "TestUnpack",    init_logger,    devices,       get_properties<v7::Properties>,
    listen_blocking, connect_device, accept_device, reg_mr_int,
    reg_mr_dma_buf,  dereg_mr,       isend_int,     irecv_int,
    iflush,          test,           close_comm,    close_comm,
    close_listen,    nullptr,        irecv_consumed};

#else

namespace {

Result init_profiled(Logger logger, ProfilerCallback) { return init_logger(logger); }
Result init_context(void** context, uint64_t, CommConfig*, Logger logger, ProfilerCallback) {
  const Result result = init_logger(logger);
  if (result == kSuccess) *context = new int(1);
  return result;
}
Result finalize(void* context) {
  delete static_cast<int*>(context);
  return kSuccess;
}
Result listen_context(void* context, int device, void* handle, void** comm) {
  return context == nullptr ? kInvalidArgument : listen_blocking(device, handle, comm);
}
Result connect_config(int device, CommConfig* config, void* handle, void** comm, NetDeviceHandle**) {
  return config == nullptr ? kInvalidArgument : connect(device, handle, comm);
}
Result connect_context(void* context, int device, void* handle, void** comm, NetDeviceHandle**) {
  return context == nullptr ? kInvalidArgument : connect(device, handle, comm);
}
Result isend_profiled(void* comm, void* data, size_t bytes, int tag, void* memory, void*, void** request) {
  return isend(comm, data, bytes, tag, memory, request);
}
Result irecv_profiled(void* comm, int n, void** data, size_t* bytes, int* tags, void** memories, void** parents,
                      void** request) {
  return parents == nullptr ? kInvalidArgument : irecv(comm, n, data, bytes, tags, memories, request);
}

}  // namespace

EXPORTED const v6::Net ncclNetPlugin_v6 = {"Test",          init_logger, devices,    get_properties<v6::Properties>,
                                           listen_blocking, connect,     accept,     reg_mr_int,
                                           reg_mr_dma_buf,  dereg_mr,    isend_int,  irecv_int,
                                           iflush,          test,        close_comm, close_comm,
                                           close_listen};
EXPORTED const v7::Net ncclNetPlugin_v7 = {
    "Test",          init_logger,    devices,       get_properties<v7::Properties>,
    listen_blocking, connect_device, accept_device, reg_mr_int,
    reg_mr_dma_buf,  dereg_mr,       isend_int,     irecv_int,
    iflush,          test,           close_comm,    close_comm,
    close_listen,    nullptr,        nullptr};
EXPORTED const v8::Net ncclNetPlugin_v8 = {
    "Test",          init_logger,    devices,       get_properties<v8::Properties>,
    listen_blocking, connect_device, accept_device, reg_mr,
    reg_mr_dma_buf,  dereg_mr,       isend_int,     irecv_int,
    iflush,          test,           close_comm,    close_comm,
    close_listen,    nullptr,        nullptr};
EXPORTED const v9::Net ncclNetPlugin_v9 = {
    "Test",          init_logger,    devices,       get_properties<v9::Properties>,
    listen_blocking, connect_device, accept_device, reg_mr,
    reg_mr_dma_buf,  dereg_mr,       isend,         irecv,
    iflush,          test,           close_comm,    close_comm,
    close_listen,    nullptr,        nullptr,       nullptr};
EXPORTED const v10::Net ncclNetPlugin_v10 = {
    "Test",          init_profiled,  devices,        get_properties<v10::Properties>,
    listen_blocking, connect_config, accept_device,  reg_mr,
    reg_mr_dma_buf,  dereg_mr,       isend_profiled, irecv_profiled,
    iflush,          test,           close_comm,     close_comm,
    close_listen,    nullptr,        nullptr,        nullptr};
EXPORTED const v11::Net ncclNetPlugin_v11 = {"Test",         init_context,
                                             devices,        get_properties<v11::Properties>,
                                             listen_context, connect_context,
                                             accept_device,  reg_mr,
                                             reg_mr_dma_buf, dereg_mr,
                                             isend_profiled, irecv_profiled,
                                             iflush,         test,
                                             close_comm,     close_comm,
                                             close_listen,   nullptr,
                                             nullptr,        nullptr,
                                             finalize,       nullptr};
EXPORTED const v12::Net ncclNetPlugin_v12 = {"Test",         init_context,
                                             devices,        get_properties<v12::Properties>,
                                             listen_context, connect_context,
                                             accept_device,  reg_mr,
                                             reg_mr_dma_buf, dereg_mr,
                                             isend_profiled, irecv_profiled,
                                             iflush,         test,
                                             close_comm,     close_comm,
                                             close_listen,   nullptr,
                                             nullptr,        nullptr,
                                             finalize,       nullptr};

#endif
