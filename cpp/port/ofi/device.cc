#include "port/ofi/device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hawser::port {

namespace {

// Order over pieces smaller than this is not worth having: each put would be many writes.
constexpr uint64_t kSmallestPiece = 64 * 1024;
constexpr size_t kMailboxQueue = 64;  // nothing that peers write completes here
constexpr const char* kSoftware[] = {"tcp", "sockets", "udp", "shm"};

// "none": a NIC that writes relaxed over its bus, say, keeps no order whatever its provider promises. Then puts are
// waited for before they are signalled.
constexpr const char* kOrderVariable = "HAWSER_OFI_ORDER";

// What to ask a provider for, the best first; the last asks for no order.
struct Wish {
  uint64_t order;
  uint64_t completion;
};
constexpr Wish kWishes[] = {
    {FI_ORDER_WAW | FI_ORDER_RAW, 0},
    {FI_ORDER_RMA_WAW | FI_ORDER_RMA_RAW, 0},
    {0, FI_DELIVERY_COMPLETE},
};

Status order_is_trusted(bool* out) {
  const char* variable = std::getenv(kOrderVariable);
  const std::string order = variable == nullptr || *variable == '\0' ? "provider" : variable;
  *out = order == "provider";
  if (*out || order == "none") return {};
  return {HAWSER_INVALID_ARGUMENT, std::string(kOrderVariable) + " is provider or none, not '" + order + "'"};
}

Status ask(const OfiLibrary& library, const std::string& provider, const Wish& wish, OfiInfo* out) {
  const OfiInfo hints(library.dupinfo(nullptr), {&library});
  if (hints == nullptr) return {HAWSER_OUT_OF_MEMORY, "libfabric cannot allocate"};
  hints->caps = FI_RMA | FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE;
  hints->mode = FI_CONTEXT | FI_CONTEXT2;
  hints->ep_attr->type = FI_EP_RDM;
  hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;
  hints->domain_attr->threading = FI_THREAD_SAFE;
  hints->tx_attr->msg_order = wish.order;
  hints->rx_attr->msg_order = wish.order;
  hints->tx_attr->op_flags = wish.completion;
  hints->fabric_attr->prov_name = strdup(provider.c_str());
  fi_info* found = nullptr;
  const int returned = library.getinfo(library.interface(), nullptr, nullptr, 0, hints.get(), &found);
  *out = OfiInfo(returned == 0 ? found : nullptr, {&library});
  return {};
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The first of each domain; what verbs calls "-xrc" is another way to drive a NIC that is listed already.
std::vector<const fi_info*> devices_of(const fi_info* list) {
  std::vector<const fi_info*> devices;
  for (const fi_info* info = list; info != nullptr; info = info->next) {
    const std::string name = info->domain_attr->name;
    const bool known = std::any_of(devices.begin(), devices.end(),
                                   [&](const fi_info* device) { return name == device->domain_attr->name; });
    if (!known && !ends_with(name, "-xrc")) devices.push_back(info);
  }
  return devices;
}

std::string names_of(const std::vector<const fi_info*>& devices) {
  std::string names;
  for (const fi_info* device : devices) names += (names.empty() ? "" : ", ") + std::string(device->domain_attr->name);
  return names;
}

}  // namespace

Status OfiDevice::open(const std::string& label, const std::string& provider, uint32_t number,
                       std::unique_ptr<OfiDevice>* out) {
  const OfiLibrary* library = nullptr;
  if (Status status = OfiLibrary::get(&library); !status.ok()) return status;
  bool trusted = true;
  if (Status status = order_is_trusted(&trusted); !status.ok()) return status;
  OfiInfo list(nullptr, {library});
  for (const Wish& wish : kWishes) {
    if (!trusted && wish.order != 0) continue;
    if (Status status = ask(*library, provider, wish, &list); !status.ok()) return status;
    if (list != nullptr) break;
  }
  if (list == nullptr) {
    return {HAWSER_UNSUPPORTED,
            label + ": " + library->name() + " has no device of provider '" + provider +
                "' here that writes into a peer's memory: see what it has by `fi_info -t FI_EP_RDM`, and name a "
                "provider by the endpoint's IB parameters or by HAWSER_OFI_PROVIDER"};
  }
  const std::vector<const fi_info*> devices = devices_of(list.get());
  if (number >= devices.size()) {
    return {HAWSER_UNSUPPORTED, label + ": provider '" + provider + "' has " + std::to_string(devices.size()) +
                                    " device(s) here, " + names_of(devices) + ": use IB0 to IB" +
                                    std::to_string(std::min<size_t>(devices.size(), 8) - 1)};
  }
  OfiInfo info(library->dupinfo(devices[number]), {library});
  if (info == nullptr) return {HAWSER_OUT_OF_MEMORY, label + ": libfabric cannot allocate"};
  std::unique_ptr<OfiDevice> device(new OfiDevice(*library, std::move(info), label, provider));
  if (Status status = device->initialise(); !status.ok()) return status;
  *out = std::move(device);
  return {};
}

OfiDevice::OfiDevice(const OfiLibrary& library, OfiInfo info, const std::string& label, std::string wanted)
    : nic_(library, std::move(info), label), wanted_(std::move(wanted)) {
  fi_info& of = nic_.info();
  const uint64_t order = of.tx_attr->msg_order;
  const uint64_t largest = std::min<uint64_t>(of.ep_attr->max_order_waw_size, of.ep_attr->max_order_raw_size);
  ordered_ = (order & (FI_ORDER_WAW | FI_ORDER_RMA_WAW)) != 0 && (order & (FI_ORDER_RAW | FI_ORDER_RMA_RAW)) != 0 &&
             (of.tx_attr->op_flags & FI_DELIVERY_COMPLETE) == 0 && largest >= kSmallestPiece;
  piece_ = std::min<uint64_t>(of.ep_attr->max_msg_size, ordered_ ? largest : UINT64_MAX);
  if (!ordered_) of.tx_attr->op_flags |= FI_DELIVERY_COMPLETE;
}

Status OfiDevice::initialise() {
  if (Status status = nic_.open(); !status.ok()) return status;
  OfiEndLimits limits;
  limits.completions = kMailboxQueue;
  if (Status status = nic_.open_end(limits, &mailbox_); !status.ok()) return {HAWSER_UNSUPPORTED, status.text()};
  return register_region(&fence_word_, sizeof(fence_word_), &fence_region_);
}

bool OfiDevice::is_software() const {
  const std::string core = provider().substr(0, provider().find(';'));
  return std::find(std::begin(kSoftware), std::end(kSoftware), core) != std::end(kSoftware);
}

Status OfiDevice::register_region(const void* address, uint64_t bytes, OfiRegion* out) {
  OfiRegion region;
  Status status =
      nic_.register_memory(address, bytes, FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE, mailbox_, &region.mr);
  if (!status.ok()) return status;
  region.base = nic_.has_memory_mode(FI_MR_VIRT_ADDR) ? reinterpret_cast<uint64_t>(address) : 0;
  region.key = fi_mr_key(region.mr.get());
  region.descriptor = wants_descriptors() ? fi_mr_desc(region.mr.get()) : nullptr;
  *out = std::move(region);
  return {};
}

}  // namespace hawser::port
