// One NIC by one provider of libfabric: its fabric and domain, what it registered, and the mailbox, the endpoint that
// all peers' writes come in by. It is one for all connections, so that a memory's key is one for all peers even where
// the provider binds registrations to endpoints.
#pragma once

#include <rdma/fabric.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "port/bytes.h"
#include "port/ofi_library.h"

namespace hawser::port {

// An endpoint, the queue of its completions and those it can address.
struct OfiPort {
  OfiPointer<fid_av> peers;
  OfiPointer<fid_cq> completions;
  OfiPointer<fid_ep> endpoint;  // closed before the other two
  int wait_fd = -1;             // readable when there may be completions or work; -1: the provider has none

  std::vector<uint8_t> address;

  // What is under way is cancelled.
  void close();
};

// A registration. Its end makes the key worthless.
struct OfiRegion {
  OfiPointer<fid_mr> mr;
  uint64_t base = 0;  // what a peer adds its offset to
  uint64_t key = 0;
  void* descriptor = nullptr;  // null where the provider wants none for local buffers
};

class OfiDevice {
 public:
  // `label` names it in messages, "IB0"; `provider` is what libfabric calls it; `number` counts its domains from 0.
  static Status open(const std::string& label, const std::string& provider, uint32_t number,
                     std::unique_ptr<OfiDevice>* out);

  // [any]
  Status register_region(const void* address, uint64_t bytes, OfiRegion* out);
  // [any] `queue` completions; `in_flight` operations at most, cut to what the provider has.
  Status open_port(uint64_t queue, uint64_t in_flight, OfiPort* out);
  // [any] A peer's endpoint, so that `port` can address it.
  Status add_peer(OfiPort& port, Reader address, fi_addr_t* out);

  const OfiLibrary& library() const { return library_; }
  fid_fabric* fabric() const { return fabric_.get(); }
  OfiPort& mailbox() { return mailbox_; }
  // A word that peers may read and that nobody writes: who has read it has everything behind it that was on its way.
  const OfiRegion& fence_cell() const { return fence_region_; }

  // "IB0 (tcp;ofi_rxm eth0)"
  const std::string& name() const { return name_; }
  const std::string& provider() const { return provider_; }
  const std::string& wanted() const { return wanted_; }  // the provider that was asked for
  // A write of at most piece() bytes is seen by the peer after every write before it, and a read sees them all.
  bool ordered() const { return ordered_; }
  uint64_t piece() const { return piece_; }
  uint64_t queue_limit() const { return info_->tx_attr->size; }
  // Whether an operation names the registration of its local buffer.
  bool wants_descriptors() const { return (static_cast<uint64_t>(info_->domain_attr->mr_mode) & FI_MR_LOCAL) != 0; }

 private:
  OfiDevice(const OfiLibrary& library, OfiInfo info, std::string label, std::string wanted);
  Status initialise();
  Status failed(const std::string& what, int64_t returned) const;

  const OfiLibrary& library_;
  OfiInfo info_;
  std::string wanted_;
  std::string provider_;
  std::string name_;
  bool ordered_ = false;
  uint64_t piece_ = 0;
  std::atomic<uint64_t> next_key_{1};
  OfiPointer<fid_fabric> fabric_;
  OfiPointer<fid_domain> domain_;
  OfiPort mailbox_;
  alignas(64) uint64_t fence_word_ = 0;
  OfiRegion fence_region_;
};

}  // namespace hawser::port
