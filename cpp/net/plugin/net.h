// A network plugin of NCCL behind one set of calls, whichever version of the interface it serves.
//
// Results are the plugin's own; failure() makes a Status of one. Threads: what nccl_abi.h says. A comm that is null
// after success is not there yet: call again.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "net/nccl_abi.h"

namespace hawser {

// What every version tells of a device, each in its own layout.
struct PluginDevice {
  std::string name;
  std::string pci_path;   // "" for what is not on a PCI bus
  int pointer_kinds = 0;  // nccl::kPointer...
  int speed_mbps = -1;    // -1: it does not tell
  nccl::NetDeviceType offload = nccl::kNetDeviceHost;
  int offload_version = 0;
  size_t max_message = 0;  // bytes of one isend
};

class PluginNet {
 public:
  virtual ~PluginNet() = default;

  virtual int version() const = 0;
  virtual const char* name() const = 0;  // of the network, as the plugin calls it
  // "" or the name of a function that every plugin must have and this one lacks.
  virtual const char* missing() const = 0;

  virtual nccl::Result init(nccl::Logger logger) = 0;
  virtual nccl::Result devices(int* count) = 0;
  virtual nccl::Result properties(int device, PluginDevice* out) = 0;

  virtual nccl::Result listen(int device, void* handle, void** comm) = 0;
  // `handle` holds the plugin's state between calls. `offload`: null, or storage for the net device's handle.
  virtual nccl::Result connect(int device, void* handle, void** comm) = 0;
  virtual nccl::Result accept(void* listen_comm, void** comm, nccl::NetDeviceHandle* offload) = 0;

  // `kind` is nccl::kPointerHost or nccl::kPointerCuda.
  virtual nccl::Result reg_mr(void* comm, void* data, size_t bytes, int kind, void** memory) = 0;
  // Memory of a GPU, which begins at `offset` in the buffer behind `fd`. The descriptor stays the caller's.
  virtual nccl::Result reg_mr_dma_buf(void* comm, void* data, size_t bytes, uint64_t offset, int fd, void** memory) = 0;
  virtual nccl::Result dereg_mr(void* comm, void* memory) = 0;
  // The most that reg_mr takes at once.
  virtual size_t max_registration() const = 0;

  // One message, one receive: groups are not used.
  virtual nccl::Result isend(void* comm, void* data, size_t bytes, void* memory, void** request) = 0;
  virtual nccl::Result irecv(void* comm, void* data, size_t bytes, void* memory, void** request) = 0;
  virtual nccl::Result test(void* request, int* done, int* bytes) = 0;
  // What was received into a GPU's memory is seen there once `request` is done; null: it is seen already.
  virtual nccl::Result iflush(void* comm, void* data, size_t bytes, void* memory, void** request) = 0;
  virtual nccl::Result irecv_consumed(void* comm, void* request) = 0;

  virtual nccl::Result close_send(void* comm) = 0;
  virtual nccl::Result close_receive(void* comm) = 0;
  virtual nccl::Result close_listen(void* comm) = 0;

  // "network plugin NAME (v7): isend failed: ncclSystemError (2)", with what the plugin warned of last.
  Status failure(const char* call, nccl::Result result, int code = HAWSER_LANE_LOST) const;
};

// `table` is what the plugin exports as ncclNetPlugin_v<version>.
std::unique_ptr<PluginNet> make_plugin_net(int version, const void* table);

}  // namespace hawser
