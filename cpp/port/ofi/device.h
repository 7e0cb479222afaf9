// A NIC as ports use it: what it registered, and the mailbox, the end that all peers' writes come in by. It is one for
// all connections, so that a memory's key is one for all peers even where the provider binds registrations to
// endpoints.
#pragma once

#include <memory>
#include <string>

#include "net/ofi/nic.h"
#include "port/bytes.h"

namespace hawser::port {

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

  // The NIC, for ends of connections.
  const OfiNic& nic() const { return nic_; }
  OfiEnd& mailbox() { return mailbox_; }
  // A word that peers may read and that nobody writes: who has read it has everything behind it that was on its way.
  const OfiRegion& fence_cell() const { return fence_region_; }

  // "IB0 (tcp;ofi_rxm eth0)"
  const std::string& name() const { return nic_.name(); }
  std::string provider() const { return nic_.provider(); }
  const std::string& wanted() const { return wanted_; }  // the provider that was asked for
  // A write of at most piece() bytes is seen by the peer after every write before it, and a read sees them all.
  bool ordered() const { return ordered_; }
  uint64_t piece() const { return piece_; }
  // Whether peers' bytes come in only while somebody reads the mailbox here, which its descriptor asks for: not so
  // where a NIC writes them.
  bool is_software() const;
  uint64_t queue_limit() const { return nic_.info().tx_attr->size; }
  // Whether an operation names the registration of its local buffer.
  bool wants_descriptors() const { return nic_.has_memory_mode(FI_MR_LOCAL); }

 private:
  OfiDevice(const OfiLibrary& library, OfiInfo info, const std::string& label, std::string wanted);
  Status initialise();

  OfiNic nic_;
  std::string wanted_;
  bool ordered_ = false;
  uint64_t piece_ = 0;
  OfiEnd mailbox_;
  alignas(64) uint64_t fence_word_ = 0;
  OfiRegion fence_region_;
};

}  // namespace hawser::port
