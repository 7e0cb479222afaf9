// What one user of the plugin opens (since version 11: one NCCL communicator): an engine over the chosen lanes, all of
// which together are one NCCL device.
//
// One engine for all comms of a context, rather than one for a comm: NCCL moves a communicator's comms from one thread,
// which then drives them all with a single look at the kernel, one keeper looks after the idle ones (PolledEngine), and
// a comm costs no descriptors beyond those of its lanes. Contexts share nothing, so the proxy threads of two
// communicators never meet at a lock.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "nccl/comm.h"
#include "nccl/polled_engine.h"
#include "nccl/rendezvous.h"

namespace hawser::nccl {

// The device as every version's properties tell it.
struct DeviceFacts {
  std::string pci_path;  // of the first lane's device, below /sys; "" for a virtual device
  int speed_mbps = 0;    // of all lanes together
  int pointer_kinds = kPointerHost;
};

// Comms hold their context: whoever opened it may let go of it before they are closed.
class Context : public std::enable_shared_from_this<Context> {
 public:
  static Status open(std::shared_ptr<Context>* out);

  DeviceFacts facts();

  Status listen(void* handle, std::unique_ptr<ListenComm>* out);
  // Never waits; null while under way: call again with the same handle.
  Status connect(const void* handle, std::unique_ptr<LinkComm>* out);
  // Gives up the connections under way. No connect() follows.
  void finish();

  PolledEngine& polled() { return polled_; }

 private:
  PolledEngine polled_;
  std::mutex mutex_;
  std::map<Ticket, std::unique_ptr<Connecting>> connecting_;
};

}  // namespace hawser::nccl
