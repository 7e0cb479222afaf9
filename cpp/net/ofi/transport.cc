#include "net/ofi/transport.h"

#include <rdma/fi_errno.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "net/devices.h"
#include "net/ofi/connect.h"
#include "net/signals_kept.h"
#include "net/socket/address.h"

namespace hawser {
namespace {

constexpr const char* kSharedMemory = "shm";
// Providers connect with the first message, some by several of their own, and move them only when they are asked.
constexpr Nanos kAttemptLimit = 2 * kSecond;
// To each chunk there is a message ahead of it and, for its length, an exchange of the provider's own.
constexpr uint32_t kLongestChunk = 1024 * 1024;

Status ask(const OfiLibrary& library, const std::string& provider, OfiInfo* out) {
  const OfiInfo hints(library.dupinfo(nullptr), {&library});
  if (hints == nullptr) return {HAWSER_OUT_OF_MEMORY, "libfabric cannot allocate"};
  hints->caps = FI_TAGGED | FI_SEND | FI_RECV;
  hints->mode = FI_CONTEXT | FI_CONTEXT2;
  hints->ep_attr->type = FI_EP_RDM;
  hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;
  hints->domain_attr->threading = FI_THREAD_SAFE;
  if (!provider.empty()) hints->fabric_attr->prov_name = strdup(provider.c_str());
  const SignalsKept kept;
  fi_info* found = nullptr;
  const int rc = library.getinfo(library.interface(), nullptr, nullptr, 0, hints.get(), &found);
  *out = OfiInfo(rc == 0 ? found : nullptr, {&library});
  return {};
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The first entry of each domain of each provider; what verbs calls "-xrc" is another way to drive a NIC that is listed
// already.
std::vector<const fi_info*> nics_of(const fi_info* list) {
  std::vector<const fi_info*> nics;
  for (const fi_info* info = list; info != nullptr; info = info->next) {
    const auto same = [info](const fi_info* other) {
      return std::strcmp(info->fabric_attr->prov_name, other->fabric_attr->prov_name) == 0 &&
             std::strcmp(info->domain_attr->name, other->domain_attr->name) == 0;
    };
    if (std::any_of(nics.begin(), nics.end(), same) || ends_with(info->domain_attr->name, "-xrc")) continue;
    nics.push_back(info);
  }
  return nics;
}

// Whether the NIC has the device's IP address.
bool shares_address(const fi_info& info, const DeviceProperties& device) {
  const SocketAddress own = SocketAddress::parse(device.address, 0);
  if (own.length == 0 || info.src_addr == nullptr || info.src_addrlen != own.length) return false;
  SocketAddress nic;
  std::memcpy(&nic.storage, info.src_addr, info.src_addrlen);
  nic.length = own.length;
  return nic.family() == own.family() && std::memcmp(nic.bytes(), own.bytes(), own.byte_count()) == 0;
}

// The network device that the side connections of a NIC use: the NIC itself where it is one, else the one with its
// address, else loopback for what does not leave the machine and the first device that is up for what does.
const DeviceProperties* side_of(const fi_info& info, const std::vector<DeviceProperties>& devices) {
  const auto find = [&](auto&& fits) {
    const auto found = std::find_if(devices.begin(), devices.end(), fits);
    return found == devices.end() ? nullptr : &*found;
  };
  const std::string name = info.domain_attr->name;
  if (const auto* same = find([&](const auto& device) { return device.name == name; })) return same;
  if (const auto* same = find([&](const auto& device) { return shares_address(info, device); })) return same;
  const bool local = std::strcmp(info.fabric_attr->prov_name, kSharedMemory) == 0;
  return find(
      [local](const auto& device) { return device.up && !device.address.empty() && (device.name == "lo") == local; });
}

DeviceProperties describe(const fi_info& info, const DeviceProperties& side) {
  DeviceProperties nic = side;
  nic.name = info.domain_attr->name;
  if (nic.name == side.name || info.nic == nullptr || info.nic->link_attr == nullptr) return nic;
  const fi_link_attr& link = *info.nic->link_attr;
  if (link.speed > 0) nic.speed_mbps = static_cast<int>(link.speed / 1'000'000);
  if (link.mtu > 0) nic.mtu = static_cast<int>(link.mtu);
  nic.up = link.state != FI_LINK_DOWN;
  return nic;
}

class OfiTransport : public Transport {
 public:
  OfiTransport(const OfiLibrary& library, OfiInfo list, Clear clear, bool always_register)
      : library_(library), list_(std::move(list)), clear_(clear), always_register_(always_register) {}

  Status open() {
    const std::vector<DeviceProperties> here = list_devices();
    std::vector<DeviceProperties> sides;
    const auto nics = nics_of(list_.get());
    for (const fi_info* info : nics) {
      const bool of_first = std::strcmp(info->fabric_attr->prov_name, nics.front()->fabric_attr->prov_name) == 0;
      const DeviceProperties* side = of_first ? side_of(*info, here) : nullptr;
      if (side == nullptr) continue;
      nics_.push_back({info, nullptr});
      devices_.push_back(describe(*info, *side));
      sides.push_back(*side);
    }
    TransportOptions options;
    options.zerocopy = HAWSER_OFF;
    options.clear = clear_;
    sockets_ = make_socket_transport(std::move(sides), options);
    return {};
  }

  const char* name() const override { return "ofi"; }
  const std::vector<DeviceProperties>& devices() const override { return devices_; }
  Nanos attempt_limit() const override { return kAttemptLimit; }
  uint32_t longest_chunk() const override { return kLongestChunk; }

  Status listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) override {
    std::shared_ptr<OfiDomain> domain;
    if (Status status = domain_of(device, &domain); !status.ok()) return status;
    std::unique_ptr<ListenComm> sockets;
    if (Status status = sockets_->listen(device, handle, &sockets); !status.ok()) return status;
    HandleWire wire = read_handle(*handle);
    wire.magic = kOfiHandleMagic;
    copy_text(wire.device, devices_[static_cast<size_t>(device)].name);
    std::memcpy(handle->bytes, &wire, sizeof(wire));
    auto listener = std::make_unique<OfiListener>(std::move(domain), std::move(sockets));
    Status status = listener->open();
    if (status.ok()) *out = std::move(listener);
    return status;
  }

  Status connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) override {
    if (read_handle(handle).magic != kOfiHandleMagic) {
      return {HAWSER_INVALID_ARGUMENT, "the listener's network is not ofi: name one network on both ends"};
    }
    std::shared_ptr<OfiDomain> domain;
    if (Status status = domain_of(device, &domain); !status.ok()) return status;
    std::unique_ptr<Connector> sockets;
    if (Status status = sockets_->connect(device, side_handle(handle), &sockets); !status.ok()) return status;
    *out = std::make_unique<OfiConnector>(std::move(domain), std::move(sockets));
    return {};
  }

 private:
  struct Nic {
    const fi_info* info;
    std::shared_ptr<OfiDomain> domain;  // opened when a lane needs it
  };

  Status domain_of(int device, std::shared_ptr<OfiDomain>* out) {
    if (device < 0 || static_cast<size_t>(device) >= nics_.size()) {
      return {HAWSER_INVALID_ARGUMENT, "there is no device number " + std::to_string(device) + ": the transport has " +
                                           std::to_string(nics_.size())};
    }
    Nic& nic = nics_[static_cast<size_t>(device)];
    if (nic.domain == nullptr) {
      if (Status status = OfiDomain::open(library_, *nic.info, always_register_, &nic.domain); !status.ok()) {
        return status;
      }
    }
    *out = nic.domain;
    return {};
  }

  const OfiLibrary& library_;
  OfiInfo list_;
  const Clear clear_;
  bool always_register_;
  std::vector<Nic> nics_;
  std::vector<DeviceProperties> devices_;
  std::unique_ptr<Transport> sockets_;  // device i makes the side connections of NIC i
};

// By default, shared memory is left to those who ask for it: it reaches no other machine.
const fi_info* skip_shared_memory(const fi_info* list) {
  while (list != nullptr && std::strcmp(list->fabric_attr->prov_name, kSharedMemory) == 0) list = list->next;
  return list;
}

}  // namespace

Status make_ofi_transport(const std::string& provider, Clear clear, std::unique_ptr<Transport>* out,
                          bool always_register) {
  const OfiLibrary* library = nullptr;
  if (Status status = OfiLibrary::get(&library); !status.ok()) return status;
  std::string wanted = provider;
  OfiInfo list(nullptr, {library});
  if (wanted.empty()) {
    if (Status status = ask(*library, "", &list); !status.ok()) return status;
    if (const fi_info* first = skip_shared_memory(list.get()); first != nullptr) wanted = first->fabric_attr->prov_name;
  }
  if (!wanted.empty()) {
    if (Status status = ask(*library, wanted, &list); !status.ok()) return status;
  }
  if (list == nullptr) {
    return {HAWSER_UNSUPPORTED, library->name() + " has no device " +
                                    (provider.empty() ? "" : "of provider '" + provider + "' ") +
                                    "here that lanes could use: see `fi_info -t FI_EP_RDM`"};
  }
  auto made = std::make_unique<OfiTransport>(*library, std::move(list), clear, always_register);
  if (Status status = made->open(); !status.ok()) return status;
  *out = std::move(made);
  return {};
}

Status list_ofi_providers(std::string* library_name, std::vector<OfiProvider>* out) {
  out->clear();
  const OfiLibrary* library = nullptr;
  if (Status status = OfiLibrary::get(&library); !status.ok()) return status;
  *library_name = library->name();
  OfiInfo list(nullptr, {library});
  if (Status status = ask(*library, "", &list); !status.ok()) return status;
  for (const fi_info* info : nics_of(list.get())) {
    const std::string name = info->fabric_attr->prov_name;
    const auto same = std::find_if(out->begin(), out->end(), [&](const auto& one) { return one.name == name; });
    OfiProvider& provider = same == out->end() ? out->emplace_back(OfiProvider{name, {}}) : *same;
    provider.devices.emplace_back(info->domain_attr->name);
  }
  return {};
}

}  // namespace hawser
