// One NIC by one provider of libfabric: its fabric and domain, and the ends and registrations that are made in it. What
// lanes and ports have in common of libfabric.
#pragma once

#include <rdma/fabric.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "net/ofi/library.h"

namespace hawser {

// An endpoint, the queue of its completions and those it can address. What is made in a NIC ends before the NIC does.
struct OfiEnd {
  OfiPointer<fid_av> peers;
  OfiPointer<fid_cq> completions;
  OfiPointer<fid_ep> endpoint;  // closed before the other two
  int wait_fd = -1;             // readable when there may be completions or work; -1: the provider has none
  std::vector<uint8_t> address;

  // What is under way is cancelled: nothing touches its memory any more.
  void close();
};

// What an end is to hold; a provider that has less gives what it has.
struct OfiEndLimits {
  size_t completions = 0;
  fi_cq_format format = FI_CQ_FORMAT_CONTEXT;
  size_t sends = SIZE_MAX;  // as small as it may be: some providers set up buffers for all that could be under way
  size_t receives = SIZE_MAX;
};

class OfiNic {
 public:
  // `info` describes the NIC as libfabric listed it; `label` heads every message about it.
  OfiNic(const OfiLibrary& library, OfiInfo info, const std::string& label);

  // Before anything else. HAWSER_UNSUPPORTED when the NIC cannot be used.
  Status open();
  // [any]
  Status open_end(const OfiEndLimits& limits, OfiEnd* out) const;
  // [any] For `access`, through `end` where the provider binds registrations to endpoints. The memory must stay mapped
  // until the registration has ended.
  Status register_memory(const void* address, size_t bytes, uint64_t access, const OfiEnd& end,
                         OfiPointer<fid_mr>* out) const;

  // [any] So that `end` can address the endpoint that a peer told of. HAWSER_REFUSED when that is no address of this
  // provider: what is not as long as libfabric takes it to be would be read beyond its end.
  Status add_peer(const OfiEnd& end, std::span<const uint8_t> address, fi_addr_t* out) const;

  const OfiLibrary& library() const { return library_; }
  fi_info& info() { return *info_; }
  const fi_info& info() const { return *info_; }
  fid_fabric* fabric() const { return fabric_.get(); }
  bool has_memory_mode(int mode) const { return (info_->domain_attr->mr_mode & mode) != 0; }
  // "tcp;ofi_rxm"
  const char* provider() const { return info_->fabric_attr->prov_name; }
  // "tcp;ofi_rxm eth1", behind the label
  const std::string& name() const { return name_; }
  Status failed(int code, const std::string& what, int64_t returned) const;

 private:
  bool is_address(std::span<const uint8_t> address, const OfiEnd& end) const;
  Status open_queue(const OfiEndLimits& limits, OfiEnd* end) const;
  Status open_endpoint(const OfiEndLimits& limits, OfiEnd* end) const;

  const OfiLibrary& library_;
  OfiInfo info_;
  std::string name_;
  OfiPointer<fid_fabric> fabric_;
  OfiPointer<fid_domain> domain_;
};

}  // namespace hawser
