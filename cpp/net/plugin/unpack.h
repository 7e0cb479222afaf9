// The net device of the kind "unpack" (GPUDirect TCPX): what a comm receives lies in fragments in a bounce buffer of
// the plugin, and is put together here. A receive is in flight until the network has it, then pending while its
// fragments are unpacked, then consumed: only then may the plugin use their place again.
//
// Where the bounce buffer is a GPU's, the kernel of that GPU unpacks: straight into memory of a GPU, or for the host by
// way of pinned memory, as the kernel sees no other. Else the host unpacks, and nothing is received for a GPU.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "mem/unpack.h"
#include "net/fixed_ring.h"
#include "net/nccl_abi.h"

namespace hawser {

class PluginUnpack {
 public:
  // `handle` is what accept() filled in. HAWSER_UNSUPPORTED for another kind or version of net device.
  static Status open(const nccl::NetDeviceHandle& handle, std::unique_ptr<PluginUnpack>* out);

  // Whether receives may be for a GPU's memory.
  bool on_gpu() const { return on_gpu_; }

  // The next receive of the comm has arrived: what is for `target` is in fragments, and begins to be unpacked. `bytes`
  // is the most that there may be, and gets what there is.
  Status begin(void* target, bool target_on_gpu, size_t* bytes);

  // Whether the oldest receive that was begun is in its place; told once for each.
  Status poll(bool* done);

  // [blocks] Until nothing reads fragments or writes to a target any more.
  void drain();

 private:
  struct Pending {
    bool unpacking = false;  // else it had no fragments
    UnpackEvent event;
    unsigned char* target = nullptr;  // not null: where the pinned bytes belong
    size_t bytes = 0;
  };
  struct Pinned {
    std::shared_ptr<unsigned char[]> memory;
    size_t bytes = 0;
  };

  PluginUnpack() = default;
  Status stage(Pending& pending, size_t slot);

  nccl::UnpackDevice device_{};
  bool on_gpu_ = false;
  std::unique_ptr<Unpacker> unpacker_;
  uint64_t arrived_ = 0;
  FixedRing<Pending, nccl::kUnpackQueueDepth> pending_;
  std::array<Pinned, nccl::kUnpackQueueDepth> pinned_;  // by slot of the queue
  uint64_t last_ticket_ = 0;
};

}  // namespace hawser
