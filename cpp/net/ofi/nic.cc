#include "net/ofi/nic.h"

#include <rdma/fi_cm.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "net/signals_kept.h"

namespace hawser {

void OfiEnd::close() {
  endpoint.reset();
  completions.reset();
  peers.reset();
}

OfiNic::OfiNic(const OfiLibrary& library, OfiInfo info, const std::string& label)
    : library_(library), info_(std::move(info)) {
  name_ = std::string(provider()) + " " + info_->domain_attr->name;
  if (!label.empty()) name_ = label + " (" + name_ + ")";
}

Status OfiNic::open() {
  fid_fabric* fabric = nullptr;
  if (const int rc = library_.fabric(info_->fabric_attr, &fabric, nullptr); rc != 0) {
    return failed(HAWSER_UNSUPPORTED, "no fabric", rc);
  }
  fabric_.reset(fabric);
  fid_domain* domain = nullptr;
  if (const int rc = fi_domain(fabric, info_.get(), &domain, nullptr); rc != 0) {
    return failed(HAWSER_UNSUPPORTED, "no domain", rc);
  }
  domain_.reset(domain);
  return {};
}

Status OfiNic::open_end(const OfiEndLimits& limits, OfiEnd* out) const {
  const SignalsKept kept;
  OfiEnd end;
  if (Status status = open_queue(limits, &end); !status.ok()) return status;
  fi_av_attr table{};
  table.type = info_->domain_attr->av_type == FI_AV_UNSPEC ? FI_AV_TABLE : info_->domain_attr->av_type;
  fid_av* peers = nullptr;
  if (const int rc = fi_av_open(domain_.get(), &table, &peers, nullptr); rc != 0) {
    return failed(HAWSER_IO, "no address table", rc);
  }
  end.peers.reset(peers);
  if (Status status = open_endpoint(limits, &end); !status.ok()) return status;

  size_t length = 0;
  fi_getname(&end.endpoint->fid, nullptr, &length);
  end.address.resize(length);
  if (const int rc = fi_getname(&end.endpoint->fid, end.address.data(), &length); rc != 0) {
    return failed(HAWSER_IO, "the endpoint has no address", rc);
  }
  end.address.resize(length);
  *out = std::move(end);
  return {};
}

Status OfiNic::open_queue(const OfiEndLimits& limits, OfiEnd* end) const {
  fi_cq_attr wanted{};
  wanted.size = limits.completions;
  wanted.format = limits.format;
  wanted.wait_obj = FI_WAIT_FD;
  fid_cq* queue = nullptr;
  int rc = fi_cq_open(domain_.get(), &wanted, &queue, nullptr);
  if (rc != 0) {
    wanted.wait_obj = FI_WAIT_NONE;
    rc = fi_cq_open(domain_.get(), &wanted, &queue, nullptr);
  }
  if (rc != 0) {
    return failed(HAWSER_IO, "no completion queue of " + std::to_string(limits.completions) + " entries", rc);
  }
  end->completions.reset(queue);
  if (wanted.wait_obj == FI_WAIT_FD && fi_control(&queue->fid, FI_GETWAIT, &end->wait_fd) != 0) end->wait_fd = -1;
  return {};
}

Status OfiNic::open_endpoint(const OfiEndLimits& limits, OfiEnd* end) const {
  const OfiInfo wanted(library_.dupinfo(info_.get()), {&library_});
  if (wanted == nullptr) return {HAWSER_OUT_OF_MEMORY, name_ + ": libfabric cannot allocate"};
  wanted->tx_attr->size = std::min(wanted->tx_attr->size, limits.sends);
  wanted->rx_attr->size = std::min(wanted->rx_attr->size, limits.receives);
  fid_ep* endpoint = nullptr;
  if (const int rc = fi_endpoint(domain_.get(), wanted.get(), &endpoint, nullptr); rc != 0) {
    return failed(HAWSER_IO, "no endpoint", rc);
  }
  end->endpoint.reset(endpoint);
  int rc = fi_ep_bind(endpoint, &end->peers->fid, 0);
  if (rc == 0) rc = fi_ep_bind(endpoint, &end->completions->fid, FI_TRANSMIT | FI_RECV);
  if (rc == 0) rc = fi_enable(endpoint);
  return rc == 0 ? Status() : failed(HAWSER_IO, "the endpoint cannot be enabled", rc);
}

Status OfiNic::register_memory(const void* address, size_t bytes, uint64_t access, const OfiEnd& end,
                               OfiPointer<fid_mr>* out) const {
  static std::atomic<uint64_t> next_key{1};
  const uint64_t key = has_memory_mode(FI_MR_PROV_KEY) ? 0 : next_key.fetch_add(1, std::memory_order_relaxed);
  fid_mr* registered = nullptr;
  int rc = fi_mr_reg(domain_.get(), address, bytes, access, 0, key, 0, &registered, nullptr);
  if (rc != 0) {
    return failed(HAWSER_OUT_OF_MEMORY, "cannot register " + std::to_string(bytes) + " bytes (see ulimit -l)", rc);
  }
  OfiPointer<fid_mr> memory(registered);
  if (has_memory_mode(FI_MR_ENDPOINT)) {
    rc = fi_mr_bind(registered, &end.endpoint->fid, 0);
    if (rc == 0) rc = fi_mr_enable(registered);
    if (rc != 0) return failed(HAWSER_IO, "cannot enable a registration of " + std::to_string(bytes) + " bytes", rc);
  }
  *out = std::move(memory);
  return {};
}

Status OfiNic::add_peer(const OfiEnd& end, std::span<const uint8_t> address, fi_addr_t* out) const {
  if (!is_address(address, end)) return {HAWSER_REFUSED, name_ + ": what the peer told is no address of an endpoint"};
  const int added = fi_av_insert(end.peers.get(), address.data(), 1, out, 0, nullptr);
  return added == 1 ? Status()
                    : failed(HAWSER_REFUSED, "the peer's address is refused", added < 0 ? added : -FI_EINVAL);
}

// Of all formats, names alone have lengths of their own, and an end. Those of sockets begin with their family, which a
// provider goes by; the others are the provider's own.
bool OfiNic::is_address(std::span<const uint8_t> address, const OfiEnd& end) const {
  const uint32_t format = info_->addr_format;
  if (format == FI_ADDR_STR) return std::find(address.begin(), address.end(), 0) != address.end();
  if (address.size() != end.address.size()) return false;
  constexpr size_t kFamily = sizeof(sockaddr::sa_family);
  const bool has_family =
      format == FI_SOCKADDR || format == FI_SOCKADDR_IN || format == FI_SOCKADDR_IN6 || format == FI_SOCKADDR_IB;
  return !has_family || (address.size() >= kFamily && std::memcmp(address.data(), end.address.data(), kFamily) == 0);
}

Status OfiNic::failed(int code, const std::string& what, int64_t returned) const {
  return {code, name_ + ": " + what + ": " + library_.explain(returned)};
}

}  // namespace hawser
