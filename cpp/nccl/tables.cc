// The tables that NCCL looks up, one a version. All of them are made by one template from the same functions: where a
// version takes other arguments the function is overloaded or a template, and the table's own field says which is
// meant.
#include <array>
#include <limits>
#include <mutex>
#include <new>
#include <optional>

#include "base/guarded.h"
#include "nccl/context.h"
#include "nccl/log.h"
#include "net/nccl_tables.h"

namespace hawser::nccl {

namespace {

constexpr const char* kName = "Hawser";
constexpr int kMaxComms = 65536;
constexpr size_t kMaxBytes = size_t{1} << 40;

// What the process has of the plugin. It is never destroyed, and the library is linked to stay loaded: NCCL's threads
// may still be in here while the process ends.
struct Process {
  std::mutex mutex;
  std::shared_ptr<Context> context;  // of the versions that know no contexts: up to 10
  std::optional<DeviceFacts> facts;  // set once, since its strings are handed out
};

Process& process() {
  static Process* const instance = new Process;
  return *instance;
}

// Runs `body`, which returns a Status; what it says goes to the log, and as a code to NCCL.
template <typename Body>
Result answer(Body&& body) noexcept {
  hawser_error error;  // written to on failure only
  error.text[0] = '\0';
  const int32_t code = guarded(nullptr, [&]() -> Status {
    Status status = body();
    if (!status.ok()) status.write_to(&error);
    return status;
  });
  if (code != HAWSER_OK) log_warning(error.text[0] != '\0' ? error.text : "out of memory");
  return result_of(code);
}

Status refuse(const std::string& text) { return {HAWSER_INVALID_ARGUMENT, text}; }

Status open_context(Logger logger, std::shared_ptr<Context>* out) {
  set_logger(logger);
  if (Status status = Context::open(out); !status.ok()) return status;
  const std::lock_guard lock(process().mutex);
  if (!process().facts) process().facts = (*out)->facts();
  return {};
}

// ------------------------------------------------------------------------------------------- contexts and devices
Result init(Logger logger) {
  return answer([&]() -> Status {
    {
      const std::lock_guard lock(process().mutex);
      if (process().context != nullptr) {
        set_logger(logger);
        return {};
      }
    }
    std::shared_ptr<Context> context;
    if (Status status = open_context(logger, &context); !status.ok()) return status;
    const std::lock_guard lock(process().mutex);
    process().context = std::move(context);
    return {};
  });
}

Result init(Logger logger, ProfilerCallback) { return init(logger); }

Result init(void** context, uint64_t, CommConfig*, Logger logger, ProfilerCallback) {
  return answer([&]() -> Status {
    auto opened = std::make_unique<std::shared_ptr<Context>>();
    if (Status status = open_context(logger, opened.get()); !status.ok()) return status;
    *context = opened.release();
    return {};
  });
}

Result finalize(void* context) {
  return answer([&]() -> Status {
    const std::unique_ptr<std::shared_ptr<Context>> opened(static_cast<std::shared_ptr<Context>*>(context));
    if (opened != nullptr) (*opened)->finish();
    return {};
  });
}

// Lanes learn by themselves what their peers and flows are like.
Result set_net_attributes(void*, NetAttributes*) { return kSuccess; }

Result devices(int* count) {
  *count = 1;
  return kSuccess;
}

template <typename Properties>
Result get_properties(int device, Properties* out) {
  return answer([&]() -> Status {
    const std::lock_guard lock(process().mutex);
    if (device != 0 || !process().facts) return refuse("there is one device, 0, once the plugin is initialised");
    DeviceFacts& facts = *process().facts;
    *out = {};
    out->name = const_cast<char*>(kName);
    out->pci_path = facts.pci_path.empty() ? nullptr : facts.pci_path.data();
    out->pointer_kinds = facts.pointer_kinds;
    out->speed = facts.speed_mbps;
    out->max_comms = kMaxComms;
    out->max_receives = kMaxReceives;
    if constexpr (requires { out->net_device_type; }) out->net_device_type = kNetDeviceHost;
    if constexpr (requires { out->parts; }) {
      out->parts.count = 1;
      out->max_p2p_bytes = kMaxBytes;
      out->max_collective_bytes = kMaxBytes;
    }
    if constexpr (requires { out->max_multi_request; }) out->max_multi_request = 1;
    if constexpr (requires { out->rail_id; }) out->rail_id = out->plane_id = kIdUnset;
    return {};
  });
}

// ---------------------------------------------------------------------------------------------------------- comms
template <typename Make>
Result make_comm(int device, void** out, Make&& make) {
  return answer([&]() -> Status {
    *out = nullptr;
    if (device != 0) return refuse("there is no device " + std::to_string(device));
    return make();
  });
}

std::shared_ptr<Context> context_of_process() {
  const std::lock_guard lock(process().mutex);
  return process().context;
}

Status listen_in(const std::shared_ptr<Context>& context, void* handle, void** listen_comm) {
  if (context == nullptr) return refuse("listen comes after init");
  std::unique_ptr<ListenComm> comm;
  Status status = context->listen(handle, &comm);
  *listen_comm = comm.release();
  return status;
}

Status connect_in(const std::shared_ptr<Context>& context, const void* handle, void** send_comm) {
  if (context == nullptr) return refuse("connect comes after init");
  std::unique_ptr<LinkComm> comm;
  Status status = context->connect(handle, &comm);
  *send_comm = comm.release();
  return status;
}

Result listen(int device, void* handle, void** comm) {
  return make_comm(device, comm, [&] { return listen_in(context_of_process(), handle, comm); });
}

Result listen(void* context, int device, void* handle, void** comm) {
  return make_comm(device, comm,
                   [&] { return listen_in(*static_cast<std::shared_ptr<Context>*>(context), handle, comm); });
}

// Traffic classes are a plugin's own; lanes have none. Nothing is offloaded to the device of the last argument.
Result connect(int device, void* handle, void** comm) {
  return make_comm(device, comm, [&] { return connect_in(context_of_process(), handle, comm); });
}

Result connect(int device, void* handle, void** comm, NetDeviceHandle**) { return connect(device, handle, comm); }

Result connect(int device, CommConfig*, void* handle, void** comm, NetDeviceHandle**) {
  return connect(device, handle, comm);
}

Result connect(void* context, int device, void* handle, void** comm, NetDeviceHandle**) {
  return make_comm(device, comm,
                   [&] { return connect_in(*static_cast<std::shared_ptr<Context>*>(context), handle, comm); });
}

Result accept(void* listen_comm, void** receive_comm) {
  return make_comm(0, receive_comm, [&]() -> Status {
    std::unique_ptr<LinkComm> comm;
    Status status = static_cast<ListenComm*>(listen_comm)->accept(&comm);
    *receive_comm = comm.release();
    return status;
  });
}

Result accept(void* listen_comm, void** receive_comm, NetDeviceHandle**) { return accept(listen_comm, receive_comm); }

template <typename Comm>
Result close(void* comm) {
  return answer([&]() -> Status {
    delete static_cast<Comm*>(comm);
    return {};
  });
}

// --------------------------------------------------------------------------------------------------------- memory
// Lanes read and write the host's memory where it lies: there is nothing to prepare, and one handle serves for all.
constexpr char kHostMemory = 0;

// Null for memory of the host.
const DeviceMemory* memory_of(void* handle) {
  return handle == nullptr || handle == &kHostMemory ? nullptr : static_cast<const DeviceMemory*>(handle);
}

template <typename Size>
Result reg_mr(void* comm, void* data, Size bytes, int kind, void** memory) {
  return answer([&]() -> Status {
    *memory = nullptr;
    if (std::cmp_less(bytes, 0)) return refuse("memory has no fewer than 0 bytes");
    if (kind == kPointerHost) {
      *memory = const_cast<char*>(&kHostMemory);
      return {};
    }
    if (kind != kPointerCuda) return {HAWSER_UNSUPPORTED, "lanes take memory of the host and of GPUs alone"};
    std::unique_ptr<DeviceMemory> registered;
    Status status = static_cast<LinkComm*>(comm)->register_memory(data, static_cast<uint64_t>(bytes), &registered);
    *memory = registered.release();
    return status;
  });
}

Result reg_mr_dma_buf(void*, void*, size_t, int, uint64_t, int, void** memory) {
  return answer([&]() -> Status {
    *memory = nullptr;
    return {HAWSER_UNSUPPORTED, "lanes take no DMA-BUF, as the device's properties say"};
  });
}

Result dereg_mr(void* comm, void* memory) {
  return answer([&]() -> Status {
    const std::unique_ptr<const DeviceMemory> registered(memory_of(memory));
    return registered == nullptr ? Status() : static_cast<LinkComm*>(comm)->deregister_memory(*registered);
  });
}

// ------------------------------------------------------------------------------------------------------- transfers
template <typename Size>
Result isend(void* send_comm, void* data, Size bytes, int tag, void* memory, void** request) {
  return answer([&]() -> Status {
    *request = nullptr;
    if (std::cmp_less(bytes, 0)) return refuse("a message has no fewer than 0 bytes");
    Request* taken = nullptr;
    const Buffer buffer{data, static_cast<uint64_t>(bytes), tag, memory_of(memory)};
    Status status = static_cast<LinkComm*>(send_comm)->isend(buffer, &taken);
    *request = taken;
    return status;
  });
}

Result isend(void* send_comm, void* data, size_t bytes, int tag, void* memory, void*, void** request) {
  return isend(send_comm, data, bytes, tag, memory, request);
}

template <typename Size>
Result irecv(void* receive_comm, int n, void** data, Size* bytes, int* tags, void** memories, void** request) {
  return answer([&]() -> Status {
    *request = nullptr;
    std::array<Buffer, kMaxReceives> group{};
    if (n < 1 || n > kMaxReceives) return refuse("a group has 1 to 8 receives, not " + std::to_string(n));
    const auto count = static_cast<size_t>(n);
    for (size_t i = 0; i < count; ++i) {
      if (std::cmp_less(bytes[i], 0)) return refuse("a receive has no fewer than 0 bytes");
      group[i] = {data[i], static_cast<uint64_t>(bytes[i]), tags[i], memory_of(memories[i])};
    }
    Request* taken = nullptr;
    Status status = static_cast<LinkComm*>(receive_comm)->irecv({group.data(), count}, &taken);
    *request = taken;
    return status;
  });
}

Result irecv(void* receive_comm, int n, void** data, size_t* bytes, int* tags, void** memories, void**,
             void** request) {
  return irecv(receive_comm, n, data, bytes, tags, memories, request);
}

// A receive is done when its bytes can be seen where they are, a GPU's memory included: the null request says that
// there is nothing to wait for.
Result iflush(void*, int, void**, int*, void**, void** request) {
  *request = nullptr;
  return kSuccess;
}

Result test(void* request, int* done, int* bytes) {
  return answer([&] { return LinkComm::test(*static_cast<Request*>(request), done, bytes); });
}

// ---------------------------------------------------------------------------------------------------------- tables
template <typename Net>
constexpr Net make_table() {
  Net net{};
  net.name = kName;
  net.init = init;
  net.devices = devices;
  net.get_properties = get_properties;
  net.listen = listen;
  net.connect = connect;
  net.accept = accept;
  net.reg_mr = reg_mr;
  net.reg_mr_dma_buf = reg_mr_dma_buf;
  net.dereg_mr = dereg_mr;
  net.isend = isend;
  net.irecv = irecv;
  net.iflush = iflush;
  net.test = test;
  net.close_send = close<LinkComm>;
  net.close_receive = close<LinkComm>;
  net.close_listen = close<ListenComm>;
  // Null, as with NCCL's own sockets: device memory handles, receives that a kernel finishes, virtual devices.
  if constexpr (requires { net.finalize; }) {
    net.finalize = finalize;
    net.set_net_attributes = set_net_attributes;
  }
  return net;
}

}  // namespace

#define HAWSER_NCCL_TABLE(version)                                                                         \
  extern "C" __attribute__((visibility("default"))) constinit const version::Net ncclNetPlugin_##version = \
      make_table<version::Net>()

HAWSER_NCCL_TABLE(v6);
HAWSER_NCCL_TABLE(v7);
HAWSER_NCCL_TABLE(v8);
HAWSER_NCCL_TABLE(v9);
HAWSER_NCCL_TABLE(v10);
HAWSER_NCCL_TABLE(v11);
HAWSER_NCCL_TABLE(v12);

}  // namespace hawser::nccl
