#include "net/plugin/net.h"

#include <algorithm>

#include "net/nccl_tables.h"
#include "net/plugin/log.h"

namespace hawser {
namespace {

using nccl::NetDeviceHandle;
using nccl::Result;

// All messages have one tag: a comm of ours carries one stream.
constexpr int kTag = 1;
// What NCCL itself gives to plugins of a version at most.
constexpr size_t kMaxMessage = size_t{1} << 40;
constexpr size_t kMaxIntMessage = size_t{1} << 30;
constexpr size_t kMaxIntRegistration = (size_t{1} << 31) - 1;

template <int V>
class VersionedNet : public PluginNet {
  using Net = nccl::NetOf<V>;

 public:
  explicit VersionedNet(const Net& net) : net_(net) {}
  ~VersionedNet() override {
    if constexpr (V >= 11) {
      if (begun_ && net_.finalize != nullptr) net_.finalize(context_);
    }
  }

  int version() const override { return V; }
  const char* name() const override { return net_.name == nullptr ? "" : net_.name; }

  const char* missing() const override {
    if (net_.init == nullptr) return "init";
    if (net_.devices == nullptr) return "devices";
    if (net_.get_properties == nullptr) return "getProperties";
    if (net_.listen == nullptr) return "listen";
    if (net_.connect == nullptr) return "connect";
    if (net_.accept == nullptr) return "accept";
    if (net_.reg_mr == nullptr) return "regMr";
    if (net_.dereg_mr == nullptr) return "deregMr";
    if (net_.isend == nullptr) return "isend";
    if (net_.irecv == nullptr) return "irecv";
    if (net_.test == nullptr) return "test";
    if (net_.close_send == nullptr) return "closeSend";
    if (net_.close_receive == nullptr) return "closeRecv";
    if (net_.close_listen == nullptr) return "closeListen";
    return "";
  }

  Result init(nccl::Logger logger) override {
    Result result = nccl::kSuccess;
    if constexpr (V >= 11) {
      result = net_.init(&context_, 0, &config_, logger, nullptr);
    } else if constexpr (V == 10) {
      result = net_.init(logger, nullptr);
    } else {
      result = net_.init(logger);
    }
    begun_ = result == nccl::kSuccess;
    return result;
  }

  Result devices(int* count) override { return net_.devices(count); }

  Result properties(int device, PluginDevice* out) override {
    nccl::PropertiesOf<V> told{};
    if (const Result result = net_.get_properties(device, &told); result != nccl::kSuccess) return result;
    *out = {};
    if (told.name != nullptr) out->name = told.name;
    if (told.pci_path != nullptr) out->pci_path = told.pci_path;
    out->pointer_kinds = told.pointer_kinds;
    if (told.speed > 0) out->speed_mbps = told.speed;
    out->max_message = V >= 9 ? kMaxMessage : kMaxIntMessage;
    if constexpr (V >= 7) {
      out->offload = told.net_device_type;
      out->offload_version = told.net_device_version;
    }
    if constexpr (V >= 9) {
      if (told.max_p2p_bytes > 0) out->max_message = std::min(kMaxMessage, told.max_p2p_bytes);
    }
    return nccl::kSuccess;
  }

  Result listen(int device, void* handle, void** comm) override {
    if constexpr (V >= 11) {
      return net_.listen(context_, device, handle, comm);
    } else {
      return net_.listen(device, handle, comm);
    }
  }

  Result connect(int device, void* handle, void** comm) override {
    if constexpr (V >= 11) {
      return net_.connect(context_, device, handle, comm, nullptr);
    } else if constexpr (V == 10) {
      return net_.connect(device, &config_, handle, comm, nullptr);
    } else if constexpr (V >= 7) {
      return net_.connect(device, handle, comm, nullptr);
    } else {
      return net_.connect(device, handle, comm);
    }
  }

  Result accept(void* listen_comm, void** comm, NetDeviceHandle* offload) override {
    if constexpr (V >= 7) {
      return net_.accept(listen_comm, comm, offload == nullptr ? nullptr : &offload);
    } else {
      return net_.accept(listen_comm, comm);
    }
  }

  Result reg_mr(void* comm, void* data, size_t bytes, int kind, void** memory) override {
    if constexpr (V >= 8) {
      return net_.reg_mr(comm, data, bytes, kind, memory);
    } else {
      return net_.reg_mr(comm, data, static_cast<int>(bytes), kind, memory);
    }
  }

  Result reg_mr_dma_buf(void* comm, void* data, size_t bytes, uint64_t offset, int fd, void** memory) override {
    if (net_.reg_mr_dma_buf == nullptr) return nccl::kInvalidUsage;
    return net_.reg_mr_dma_buf(comm, data, bytes, nccl::kPointerCuda, offset, fd, memory);
  }

  Result dereg_mr(void* comm, void* memory) override { return net_.dereg_mr(comm, memory); }

  size_t max_registration() const override { return V >= 8 ? SIZE_MAX : kMaxIntRegistration; }

  Result isend(void* comm, void* data, size_t bytes, void* memory, void** request) override {
    if constexpr (V >= 10) {
      return net_.isend(comm, data, bytes, kTag, memory, nullptr, request);
    } else if constexpr (V == 9) {
      return net_.isend(comm, data, bytes, kTag, memory, request);
    } else {
      return net_.isend(comm, data, static_cast<int>(bytes), kTag, memory, request);
    }
  }

  Result irecv(void* comm, void* data, size_t bytes, void* memory, void** request) override {
    int tag = kTag;
    if constexpr (V >= 10) {
      void* parent = nullptr;
      return net_.irecv(comm, 1, &data, &bytes, &tag, &memory, &parent, request);
    } else if constexpr (V == 9) {
      return net_.irecv(comm, 1, &data, &bytes, &tag, &memory, request);
    } else {
      int size = static_cast<int>(bytes);
      return net_.irecv(comm, 1, &data, &size, &tag, &memory, request);
    }
  }

  Result test(void* request, int* done, int* bytes) override { return net_.test(request, done, bytes); }

  Result iflush(void* comm, void* data, size_t bytes, void* memory, void** request) override {
    *request = nullptr;
    if (net_.iflush == nullptr) return nccl::kSuccess;
    int size = static_cast<int>(bytes);
    return net_.iflush(comm, 1, &data, &size, &memory, request);
  }

  Result irecv_consumed(void* comm, void* request) override {
    if constexpr (V >= 7) {
      if (net_.irecv_consumed != nullptr) return net_.irecv_consumed(comm, 1, request);
    }
    return nccl::kInvalidUsage;
  }

  Result close_send(void* comm) override { return net_.close_send(comm); }
  Result close_receive(void* comm) override { return net_.close_receive(comm); }
  Result close_listen(void* comm) override { return net_.close_listen(comm); }

 private:
  const Net& net_;
  void* context_ = nullptr;
  nccl::CommConfig config_{nccl::kTrafficClassUnset};
  bool begun_ = false;
};

const char* result_name(Result result) {
  switch (result) {
    case nccl::kSuccess:
      return "ncclSuccess";
    case nccl::kUnhandledCudaError:
      return "ncclUnhandledCudaError";
    case nccl::kSystemError:
      return "ncclSystemError";
    case nccl::kInternalError:
      return "ncclInternalError";
    case nccl::kInvalidArgument:
      return "ncclInvalidArgument";
    case nccl::kInvalidUsage:
      return "ncclInvalidUsage";
    case nccl::kRemoteError:
      return "ncclRemoteError";
  }
  return "an unknown result";
}

}  // namespace

Status PluginNet::failure(const char* call, nccl::Result result, int code) const {
  std::string text = std::string("network plugin ") + name() + " (v" + std::to_string(version()) + "): " + call +
                     " failed: " + result_name(result) + " (" + std::to_string(result) + ")";
  if (const std::string warning = take_plugin_warning(); !warning.empty()) text += "; it said: " + warning;
  return {code, std::move(text)};
}

std::unique_ptr<PluginNet> make_plugin_net(int version, const void* table) {
  return nccl::with_version(version, [&](auto known) -> std::unique_ptr<PluginNet> {
    constexpr int kVersion = decltype(known)::value;
    return std::make_unique<VersionedNet<kVersion>>(*static_cast<const nccl::NetOf<kVersion>*>(table));
  });
}

}  // namespace hawser
