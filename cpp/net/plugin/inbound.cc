#include "net/plugin/inbound.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hawser {
namespace {

Status garbled(const char* what) {
  return {HAWSER_LANE_LOST, std::string("the peer's messages over the network plugin are garbled: ") + what};
}

}  // namespace

Status PluginInbound::initialise() {
  const size_t bytes = kFrames * kPluginFrameBytes;
  if (Status status = memory_.allocate(bytes); !status.ok()) return status;
  return frame_pipe_.register_memory(memory_.data(), bytes, &registration_);
}

void PluginInbound::release() {
  frame_pipe_.deregister_memory(std::exchange(registration_, nullptr));
  for (uint32_t i = 0; i < receives_.size(); ++i) {
    receives_.at(i).withdraw(payloads_);
  }
}

Status PluginInbound::irecv(void* data, size_t bytes, const PluginMemory* memory, Request** out) {
  *out = nullptr;
  if (receives_.full()) return {};
  PluginRequest& request = receives_.push();
  request.data = static_cast<std::byte*>(data);
  request.bytes = bytes;
  request.memory = memory;
  request.sending = false;
  request.done = request.told = request.apart = false;
  request.posted = request.moved = 0;
  *out = &request;
  bool moved = false;
  return match(&moved);
}

bool PluginInbound::test(PluginRequest* request, size_t* bytes) {
  if (!request->done || request->told) return false;
  *bytes = request->bytes;
  request->own.reset();
  request->told = true;
  for (; !receives_.empty() && receives_.front().told; receives_.pop()) --bound_;
  return true;
}

Status PluginInbound::progress(bool* moved) {
  if (Status status = hear(moved); !status.ok()) return status;
  if (Status status = take_payloads(moved); !status.ok()) return status;
  if (Status status = post_payloads(moved); !status.ok()) return status;
  return post_frames();
}

Status PluginInbound::hear(bool* moved) {
  if (deaf_.ok()) deaf_ = take_frames(moved);
  Status matched = match(moved);
  return matched.ok() ? deaf_ : matched;
}

Status PluginInbound::take_frames(bool* moved) {
  while (!frame_pipe_.empty()) {
    bool done = false;
    size_t bytes = 0;
    if (Status status = frame_pipe_.take(&done, &bytes); !status.ok() || !done) return status;
    *moved = true;
    if (Status status = open_frame(bytes); !status.ok()) return status;
  }
  return {};
}

Status PluginInbound::take_payloads(bool* moved) {
  while (!flights_.empty()) {
    bool done = false;
    size_t bytes = 0;
    if (Status status = payloads_.take(&done, &bytes); !status.ok() || !done) return status;
    *moved = true;
    const Flight flight = flights_.front();
    flights_.pop();
    if (bytes != flight.bytes) return garbled("a message is shorter than its frame said");
    flight.apart->moved += bytes;
    if (flight.apart->moved < flight.apart->bytes) continue;
    flight.apart->withdraw(payloads_);
    flight.apart->done = true;
  }
  return {};
}

PluginEntryWire PluginInbound::entry_of(uint32_t frame, uint32_t index) {
  PluginEntryWire entry;
  std::memcpy(&entry, frame_memory(frame) + sizeof(PluginFrameWire) + index * sizeof(entry), sizeof(entry));
  return entry;
}

Status PluginInbound::open_frame(size_t bytes) {
  PluginFrameWire header;
  if (bytes < sizeof(header)) return garbled("a frame without a header");
  std::memcpy(&header, frame_memory(frames_arrived_), sizeof(header));
  // `bytes` is what was posted where the plugin does not tell what came.
  const bool sound = header.magic == kPluginFrameMagic && header.sequence == frames_arrived_ && header.bytes <= bytes &&
                     header.count >= 1 && header.count <= kPluginRequests;
  if (!sound) return garbled("no frame where one must be");
  size_t length = sizeof(header) + header.count * sizeof(PluginEntryWire);
  const size_t payload = length;
  for (uint32_t i = 0; i < header.count; ++i) {
    const PluginEntryWire entry = entry_of(frames_arrived_, i);
    if (entry.apart == 0) length += padded_to_8(entry.bytes);
  }
  if (length != header.bytes) return garbled("a frame of another length than its messages");
  frames_.push() = {header.count, 0, payload};
  ++frames_arrived_;
  return {};
}

Status PluginInbound::match(bool* moved) {
  while (!frames_.empty() && bound_ < receives_.size()) {
    Frame& frame = frames_.front();
    const PluginEntryWire entry = entry_of(first_frame(), frame.next);
    if (entry.apart != 0 && posting_ != nullptr) return {};
    PluginRequest& request = receives_.at(bound_);
    if (entry.bytes > request.bytes) {
      return {HAWSER_TRUNCATED, "a message of " + std::to_string(entry.bytes) + " bytes came for a receive of " +
                                    std::to_string(request.bytes)};
    }
    *moved = true;
    ++bound_;
    if (Status status = meet(&request, entry, &frame); !status.ok()) return status;
    if (++frame.next == frame.count) frames_.pop();
  }
  return {};
}

Status PluginInbound::meet(PluginRequest* request, const PluginEntryWire& entry, Frame* frame) {
  request->bytes = entry.bytes;
  request->apart = entry.apart != 0;
  if (request->apart) return begin_apart(request);
  if (request->on_gpu() && request->data != nullptr) return garbled("a message for a GPU's memory is not apart");
  if (entry.bytes > 0 && request->data != nullptr) {
    std::memcpy(request->data, frame_memory(first_frame()) + frame->payload, entry.bytes);
  }
  frame->payload += padded_to_8(entry.bytes);
  request->done = true;
  return {};
}

Status PluginInbound::begin_apart(PluginRequest* request) {
  if (request->bytes == 0) return garbled("nothing goes apart");
  posting_ = request;
  if (request->data == nullptr) {
    // Detached: what comes is dropped, segment after segment in one place.
    request->own = std::make_unique_for_overwrite<std::byte[]>(std::min(segment_, request->bytes));
    request->memory = nullptr;
  }
  if (request->in_memory()) return {};
  if (request->own != nullptr)
    return request->enroll(payloads_, request->own.get(), std::min(segment_, request->bytes));
  return request->enroll(payloads_, request->data, request->bytes);
}

Status PluginInbound::post_frames() {
  while (frames_posted_ - first_frame() < kFrames && !frame_pipe_.full()) {
    bool posted = false;
    Status status = frame_pipe_.post({frame_memory(frames_posted_), registration_}, kPluginFrameBytes, &posted);
    if (!posted) return status;
    ++frames_posted_;
  }
  return {};
}

Status PluginInbound::post_payloads(bool* moved) {
  while (posting_ != nullptr && !payloads_.full()) {
    PluginRequest& request = *posting_;
    const size_t bytes = std::min(segment_, request.bytes - request.posted);
    std::byte* at = request.own != nullptr ? request.own.get() : request.data + request.posted;
    bool posted = false;
    Status status = payloads_.post(request.place(at), bytes, &posted);
    if (!posted) return status;
    *moved = true;
    flights_.push() = {&request, bytes};
    request.posted += bytes;
    if (request.posted < request.bytes) continue;
    posting_ = nullptr;
    if (Status matched = match(moved); !matched.ok()) return matched;
  }
  return {};
}

bool PluginInbound::detach(PluginRequest* request) {
  if (request->done || request->own != nullptr) return true;
  if (request->posted > 0) return false;
  request->data = nullptr;
  if (request != posting_) return true;
  request->withdraw(payloads_);
  return begin_apart(request).ok();
}

}  // namespace hawser
