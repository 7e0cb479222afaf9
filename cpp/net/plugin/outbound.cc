#include "net/plugin/outbound.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mem/gpus.h"

namespace hawser {

Status PluginOutbound::initialise() {
  const size_t bytes = kFrames * kPluginFrameBytes;
  if (Status status = memory_.allocate(bytes); !status.ok()) return status;
  return frames_.register_memory(memory_.data(), bytes, &registration_);
}

void PluginOutbound::release() {
  frames_.deregister_memory(std::exchange(registration_, nullptr));
  for (uint32_t i = 0; i < sends_.size(); ++i) {
    sends_.at(i).withdraw(payloads_);
  }
}

Request* PluginOutbound::isend(const void* data, size_t bytes, const PluginMemory* memory) {
  if (sends_.full()) return nullptr;
  PluginRequest& request = sends_.push();
  request.data = static_cast<std::byte*>(const_cast<void*>(data));
  request.bytes = bytes;
  request.memory = memory;
  request.sending = true;
  request.done = request.told = false;
  request.apart = bytes > kPluginInlineBytes;
  request.posted = request.moved = 0;
  return &request;
}

bool PluginOutbound::test(PluginRequest* request, size_t* bytes) {
  if (!request->done || request->told) return false;
  *bytes = request->bytes;
  request->own.reset();
  request->told = true;
  for (; !sends_.empty() && sends_.front().told; sends_.pop()) --packed_;
  return true;
}

Status PluginOutbound::progress(bool* moved) {
  if (Status status = take_frames(moved); !status.ok()) return status;
  if (Status status = take_payloads(moved); !status.ok()) return status;
  if (Status status = post_frame(moved); !status.ok()) return status;
  while (may_pack()) {
    pack();
    if (Status status = post_frame(moved); !status.ok()) return status;
  }
  return post_payloads(moved);
}

void PluginOutbound::pack() {
  // How many messages the frame takes, at most what lies in it at once.
  size_t bytes = sizeof(PluginFrameWire);
  uint32_t count = 0;
  while (packed_ + count < sends_.size()) {
    const PluginRequest& request = sends_.at(packed_ + count);
    const size_t more = sizeof(PluginEntryWire) + (request.apart ? 0 : padded_to_8(request.bytes));
    if (bytes + more > kPluginFrameBytes) break;
    bytes += more;
    ++count;
  }
  const uint32_t frame = frames_built_++;
  std::byte* const memory = frame_memory(frame);
  const PluginFrameWire header{kPluginFrameMagic, frame, static_cast<uint32_t>(bytes), count};
  std::memcpy(memory, &header, sizeof(header));
  std::byte* entry_at = memory + sizeof(header);
  std::byte* payload_at = entry_at + count * sizeof(PluginEntryWire);
  frame_bytes_ = bytes;
  for (uint32_t i = 0; i < count; ++i) {
    PluginRequest& request = sends_.at(packed_++);
    const PluginEntryWire entry{static_cast<uint32_t>(request.bytes), request.apart ? 1u : 0u};
    std::memcpy(entry_at, &entry, sizeof(entry));
    entry_at += sizeof(entry);
    if (request.apart) {
      apart_.push() = &request;
      continue;
    }
    if (request.bytes > 0) std::memcpy(payload_at, request.data, request.bytes);
    payload_at += padded_to_8(request.bytes);
    request.done = true;
  }
}

Status PluginOutbound::post_frame(bool* moved) {
  if (frames_posted_ == frames_built_ || frames_.full()) return {};
  bool posted = false;
  Status status = frames_.post({frame_memory(frames_posted_), registration_}, frame_bytes_, &posted);
  if (!posted) return status;
  ++frames_posted_;
  *moved = true;
  return {};
}

Status PluginOutbound::post_payloads(bool* moved) {
  while (posted_ < apart_.size() && !payloads_.full()) {
    PluginRequest& request = *apart_.at(posted_);
    if (!request.in_memory()) {
      if (Status status = request.enroll(payloads_, request.data, request.bytes); !status.ok()) return status;
    }
    const size_t bytes = std::min(segment_, request.bytes - request.posted);
    bool posted = false;
    Status status = payloads_.post(request.place(request.data + request.posted), bytes, &posted);
    if (!posted) return status;
    request.posted += bytes;
    *moved = true;
    if (request.posted == request.bytes) ++posted_;
  }
  return {};
}

Status PluginOutbound::take_frames(bool* moved) {
  while (!frames_.empty()) {
    bool done = false;
    size_t bytes = 0;
    if (Status status = frames_.take(&done, &bytes); !status.ok() || !done) return status;
    ++frames_done_;
    *moved = true;
  }
  return {};
}

Status PluginOutbound::take_payloads(bool* moved) {
  while (!payloads_.empty()) {
    bool done = false;
    size_t bytes = 0;
    if (Status status = payloads_.take(&done, &bytes); !status.ok() || !done) return status;
    *moved = true;
    PluginRequest& request = *apart_.front();
    request.moved += std::min(segment_, request.bytes - request.moved);
    if (request.moved < request.bytes) continue;
    request.withdraw(payloads_);
    request.done = true;
    apart_.pop();
    --posted_;
  }
  return {};
}

// Into the request's own memory.
bool PluginOutbound::copy_out(const PluginRequest& request) {
  if (!request.on_gpu()) {
    std::memcpy(request.own.get(), request.data, request.bytes);
    return true;
  }
  int gpu = 0;
  return find_gpu(request.data, request.bytes, &gpu).ok() &&
         copy_by_gpu(gpu, request.own.get(), request.data, request.bytes).ok();
}

bool PluginOutbound::detach(PluginRequest* request) {
  if (request->done || request->bytes == 0 || request->own != nullptr) return true;
  if (request->posted > 0) return false;
  request->own = std::make_unique_for_overwrite<std::byte[]>(request->bytes);
  if (!copy_out(*request)) return false;
  request->withdraw(payloads_);
  request->data = request->own.get();
  request->memory = nullptr;
  return true;
}

}  // namespace hawser
