#include "port/ofi_device.h"

#include <rdma/fi_cm.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hawser::port {

namespace {

// Order over pieces smaller than this is not worth having: each put would be many writes.
constexpr uint64_t kSmallestPiece = 64 * 1024;
constexpr size_t kMailboxQueue = 64;  // nothing that peers write completes here

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

void OfiPort::close() {
  endpoint.reset();
  completions.reset();
  peers.reset();
}

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

OfiDevice::OfiDevice(const OfiLibrary& library, OfiInfo info, std::string label, std::string wanted)
    : library_(library),
      info_(std::move(info)),
      wanted_(std::move(wanted)),
      provider_(info_->fabric_attr->prov_name),
      name_(std::move(label) + " (" + provider_ + " " + info_->domain_attr->name + ")") {
  const uint64_t order = info_->tx_attr->msg_order;
  const uint64_t largest = std::min<uint64_t>(info_->ep_attr->max_order_waw_size, info_->ep_attr->max_order_raw_size);
  ordered_ = (order & (FI_ORDER_WAW | FI_ORDER_RMA_WAW)) != 0 && (order & (FI_ORDER_RAW | FI_ORDER_RMA_RAW)) != 0 &&
             (info_->tx_attr->op_flags & FI_DELIVERY_COMPLETE) == 0 && largest >= kSmallestPiece;
  piece_ = std::min<uint64_t>(info_->ep_attr->max_msg_size, ordered_ ? largest : UINT64_MAX);
}

Status OfiDevice::initialise() {
  if (!ordered_) info_->tx_attr->op_flags |= FI_DELIVERY_COMPLETE;
  fid_fabric* fabric = nullptr;
  if (const int rc = library_.fabric(info_->fabric_attr, &fabric, nullptr); rc != 0) return failed("no fabric", rc);
  fabric_.reset(fabric);
  fid_domain* domain = nullptr;
  if (const int rc = fi_domain(fabric, info_.get(), &domain, nullptr); rc != 0) return failed("no domain", rc);
  domain_.reset(domain);
  if (Status status = open_port(kMailboxQueue, UINT64_MAX, &mailbox_); !status.ok()) return status;
  return register_region(&fence_word_, sizeof(fence_word_), &fence_region_);
}

Status OfiDevice::open_port(uint64_t queue, uint64_t in_flight, OfiPort* out) {
  const SignalsKept kept;
  OfiPort port;
  fi_cq_attr queue_attributes{};
  queue_attributes.size = queue;
  queue_attributes.format = FI_CQ_FORMAT_CONTEXT;
  queue_attributes.wait_obj = FI_WAIT_FD;
  fid_cq* completions = nullptr;
  int rc = fi_cq_open(domain_.get(), &queue_attributes, &completions, nullptr);
  if (rc != 0) {
    queue_attributes.wait_obj = FI_WAIT_NONE;
    rc = fi_cq_open(domain_.get(), &queue_attributes, &completions, nullptr);
  }
  if (rc != 0) return failed("no completion queue of " + std::to_string(queue) + " entries", rc);
  port.completions.reset(completions);
  if (queue_attributes.wait_obj == FI_WAIT_FD) fi_control(&completions->fid, FI_GETWAIT, &port.wait_fd);

  fi_av_attr peer_attributes{};
  peer_attributes.type = info_->domain_attr->av_type == FI_AV_UNSPEC ? FI_AV_TABLE : info_->domain_attr->av_type;
  fid_av* peers = nullptr;
  rc = fi_av_open(domain_.get(), &peer_attributes, &peers, nullptr);
  if (rc != 0) return failed("no address table", rc);
  port.peers.reset(peers);

  const OfiInfo wanted(library_.dupinfo(info_.get()), {&library_});
  if (wanted == nullptr) return {HAWSER_OUT_OF_MEMORY, name_ + ": libfabric cannot allocate"};
  wanted->tx_attr->size = std::min<uint64_t>(info_->tx_attr->size, in_flight);
  fid_ep* endpoint = nullptr;
  rc = fi_endpoint(domain_.get(), wanted.get(), &endpoint, nullptr);
  if (rc != 0) return failed("no endpoint", rc);
  port.endpoint.reset(endpoint);
  rc = fi_ep_bind(endpoint, &peers->fid, 0);
  if (rc == 0) rc = fi_ep_bind(endpoint, &completions->fid, FI_TRANSMIT | FI_RECV);
  if (rc == 0) rc = fi_enable(endpoint);
  if (rc != 0) return failed("the endpoint cannot be enabled", rc);

  size_t length = 0;
  fi_getname(&endpoint->fid, nullptr, &length);
  port.address.resize(length);
  rc = fi_getname(&endpoint->fid, port.address.data(), &length);
  if (rc != 0) return failed("the endpoint has no address", rc);
  port.address.resize(length);
  *out = std::move(port);
  return {};
}

Status OfiDevice::add_peer(OfiPort& port, Reader address, fi_addr_t* out) {
  const int added = fi_av_insert(port.peers.get(), address.data(), 1, out, 0, nullptr);
  if (added != 1) return failed("the peer's address is refused", added < 0 ? added : -FI_EINVAL);
  return {};
}

Status OfiDevice::register_region(const void* address, uint64_t bytes, OfiRegion* out) {
  const auto mode = static_cast<uint64_t>(info_->domain_attr->mr_mode);
  const uint64_t wanted_key = (mode & FI_MR_PROV_KEY) != 0 ? 0 : next_key_.fetch_add(1, std::memory_order_relaxed);
  OfiRegion region;
  fid_mr* mr = nullptr;
  int rc = fi_mr_reg(domain_.get(), address, bytes, FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE, 0,
                     wanted_key, 0, &mr, nullptr);
  if (rc != 0) return failed("cannot register " + std::to_string(bytes) + " bytes", rc);
  region.mr.reset(mr);
  if ((mode & FI_MR_ENDPOINT) != 0) {
    rc = fi_mr_bind(mr, &mailbox_.endpoint->fid, 0);
    if (rc == 0) rc = fi_mr_enable(mr);
    if (rc != 0) return failed("cannot enable the registration of " + std::to_string(bytes) + " bytes", rc);
  }
  region.base = (mode & FI_MR_VIRT_ADDR) != 0 ? reinterpret_cast<uint64_t>(address) : 0;
  region.key = fi_mr_key(mr);
  region.descriptor = (mode & FI_MR_LOCAL) != 0 ? fi_mr_desc(mr) : nullptr;
  *out = std::move(region);
  return {};
}

Status OfiDevice::failed(const std::string& what, int64_t returned) const {
  return {HAWSER_UNSUPPORTED, name_ + ": " + what + ": " + library_.explain(returned)};
}

}  // namespace hawser::port
