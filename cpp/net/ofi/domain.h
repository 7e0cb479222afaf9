// A NIC as lanes use it: they open an end each, so that closing it ends whatever the provider might still do with the
// comm's buffers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/ofi/nic.h"
#include "net/transport.h"

namespace hawser {

class OfiDomain;

// One comm's end, with one peer.
struct OfiEndpoint {
  std::shared_ptr<OfiDomain> domain;  // outlives the end
  OfiEnd end;
};

// A registration for sending and receiving.
struct OfiMemory : Memory {
  OfiPointer<fid_mr> mr;
  void* descriptor = nullptr;
};

class OfiDomain : public std::enable_shared_from_this<OfiDomain> {
 public:
  // `info` describes the NIC as libfabric listed it; `always_register` treats the provider as one that wants every
  // buffer registered.
  static Status open(const OfiLibrary& library, const fi_info& info, bool always_register,
                     std::shared_ptr<OfiDomain>* out);

  // [any] `requests` operations of each direction under way at most.
  Status open_endpoint(size_t requests, std::shared_ptr<OfiEndpoint>* out);
  // [any] The endpoint of this process that has this address, where whoever sends to it must keep it open: the provider
  // shm writes straight into a neighbour's memory. Null for all others.
  std::shared_ptr<OfiEndpoint> neighbour(const std::vector<unsigned char>& address) const;
  // [any] As OfiNic's.
  Status add_peer(const OfiEndpoint& endpoint, std::span<const uint8_t> address, fi_addr_t* out) const {
    return nic_.add_peer(endpoint.end, address, out);
  }
  // [any] The buffer must stay mapped until the registration has ended.
  Status register_memory(OfiEndpoint& endpoint, const void* address, size_t bytes, std::unique_ptr<OfiMemory>* out);

  const OfiLibrary& library() const { return nic_.library(); }
  fid_fabric* fabric() const { return nic_.fabric(); }
  // Whether an operation names the registration of its buffer.
  bool wants_registration() const { return wants_registration_; }
  size_t longest_message() const { return nic_.info().ep_attr->max_msg_size; }
  // Whether a message of so many bytes stays in the sender's memory until the receiver fetches it, even past the end of
  // the sender's endpoint.
  bool reads_sender(size_t bytes) const { return is_shared_memory() && bytes > nic_.info().tx_attr->inject_size; }
  const char* provider() const { return nic_.provider(); }
  // "tcp;ofi_rxm eth1"
  const std::string& name() const { return nic_.name(); }
  Status failed(int code, const std::string& what, int64_t returned) const { return nic_.failed(code, what, returned); }

 private:
  OfiDomain(const OfiLibrary& library, OfiInfo info, bool always_register);
  bool is_shared_memory() const { return std::string_view(provider()) == "shm"; }

  OfiNic nic_;
  bool wants_registration_;
};

}  // namespace hawser
