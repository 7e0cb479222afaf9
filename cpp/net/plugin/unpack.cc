#include "net/plugin/unpack.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "mem/gpus.h"

namespace hawser {
namespace {

constexpr Nanos kPatience = 5 * kSecond;

// The plugin's queue is a batch of the unpacker as it lies in memory.
static_assert(sizeof(nccl::UnpackFragment) == sizeof(hawser_unpack_descriptor));
static_assert(offsetof(nccl::UnpackFragment, source) == offsetof(hawser_unpack_descriptor, src_off));
static_assert(offsetof(nccl::UnpackFragment, bytes) == offsetof(hawser_unpack_descriptor, len));
static_assert(offsetof(nccl::UnpackFragment, target) == offsetof(hawser_unpack_descriptor, dst_off));
static_assert(nccl::kUnpackMaxFragments == HAWSER_UNPACK_MAX);

Status damaged(const std::string& why) {
  return {HAWSER_LANE_LOST, "the network plugin's queue of fragments is damaged: " + why};
}

}  // namespace

Status PluginUnpack::open(const nccl::NetDeviceHandle& handle, std::unique_ptr<PluginUnpack>* out) {
  const bool known = handle.type == nccl::kNetDeviceUnpack && handle.version == nccl::kNetDeviceUnpackVersion &&
                     handle.handle != nullptr && handle.size >= sizeof(nccl::UnpackDevice);
  if (!known) {
    return {HAWSER_UNSUPPORTED, "the network plugin has a net device of kind " + std::to_string(handle.type) +
                                    ", version " + std::to_string(handle.version) + "; what can be unpacked is kind " +
                                    std::to_string(nccl::kNetDeviceUnpack) + ", version " +
                                    std::to_string(nccl::kNetDeviceUnpackVersion)};
  }
  std::unique_ptr<PluginUnpack> made(new PluginUnpack);
  // The plugin has it where a kernel reads it.
  int gpu = 0;
  if (find_gpu(handle.handle, sizeof(made->device_), &gpu).ok()) {
    if (Status status = copy_by_gpu(gpu, &made->device_, handle.handle, sizeof(made->device_)); !status.ok()) {
      return status;
    }
  } else {
    std::memcpy(&made->device_, handle.handle, sizeof(made->device_));
  }
  made->on_gpu_ = find_gpu(made->device_.bounce, 1, &gpu).ok();
  // By the host: the driver's own thread does it, more of them would fight with those of the plugin.
  Status status = Unpacker::open(made->on_gpu_ ? HAWSER_UNPACK_KERNEL : HAWSER_UNPACK_HOST, gpu, 1, &made->unpacker_);
  if (status.ok()) *out = std::move(made);
  return status;
}

Status PluginUnpack::begin(void* target, bool target_on_gpu, size_t* bytes) {
  const size_t slot = arrived_++ % nccl::kUnpackQueueDepth;
  const uint64_t count = device_.queue->count[slot];
  if (count > nccl::kUnpackMaxFragments) return damaged(std::to_string(count) + " fragments for one message");
  Pending& pending = pending_.push();
  pending = {};
  // Short messages may have come with the plugin's own headers: they are in their place.
  if (count == 0) return {};
  hawser_unpack_batch batch{};
  batch.descriptors = reinterpret_cast<const hawser_unpack_descriptor*>(device_.queue->fragments[slot]);
  batch.source = device_.bounce;
  batch.count = static_cast<uint32_t>(count);
  for (uint32_t i = 0; i < batch.count; ++i) {
    const hawser_unpack_descriptor& fragment = batch.descriptors[i];
    // The plugin does not tell how large its buffer is.
    batch.source_bytes = std::max(batch.source_bytes, uint64_t{fragment.src_off} + fragment.len);
    pending.bytes += fragment.len;
  }
  if (pending.bytes > *bytes) {
    return damaged(std::to_string(pending.bytes) + " bytes for a message of " + std::to_string(*bytes));
  }
  *bytes = pending.bytes;
  batch.destination = target;
  batch.destination_bytes = pending.bytes;
  if (on_gpu_ && !target_on_gpu) {
    pending.target = static_cast<unsigned char*>(target);
    if (Status status = stage(pending, slot); !status.ok()) return status;
    batch.destination = pinned_[slot].memory.get();
  }
  if (Status status = unpacker_->start(batch, now() + kPatience, &last_ticket_); !status.ok()) {
    return status.code() == HAWSER_INVALID_ARGUMENT ? damaged(status.text()) : status;
  }
  pending.unpacking = true;
  pending.event.watch(unpacker_.get(), last_ticket_);
  return {};
}

// Room for a message of the host: the slot's last one is in its place by now.
Status PluginUnpack::stage(Pending& pending, size_t slot) {
  Pinned& pinned = pinned_[slot];
  if (pinned.bytes >= pending.bytes) return {};
  pinned.bytes = 0;
  Status status = allocate_pinned(pending.bytes, &pinned.memory);
  if (status.ok()) pinned.bytes = pending.bytes;
  return status;
}

Status PluginUnpack::poll(bool* done) {
  Pending& oldest = pending_.front();
  *done = !oldest.unpacking || oldest.event.completed();
  if (!*done) return {};
  Status status = oldest.unpacking ? oldest.event.status() : Status();
  if (status.ok() && oldest.target != nullptr) {
    const uint64_t number = arrived_ - pending_.size();
    std::memcpy(oldest.target, pinned_[number % nccl::kUnpackQueueDepth].memory.get(), oldest.bytes);
  }
  pending_.pop();
  return status;
}

void PluginUnpack::drain() {
  // Whatever comes of it: the comm ends. But memory that a hanging GPU may yet write is better lost than given to
  // somebody else.
  if (pending_.empty() || unpacker_->wait(last_ticket_, now() + kPatience).ok()) return;
  for (Pinned& pinned : pinned_) (void)new auto(std::move(pinned.memory));
}

}  // namespace hawser
