// The sending half of a lane over a plugin: frames of short messages by one comm, what goes apart from them by another,
// each in the order of isend.
#pragma once

#include "mem/mapping.h"
#include "net/plugin/pipe.h"
#include "net/plugin/request.h"
#include "net/plugin/wire.h"

namespace hawser {

class PluginOutbound {
 public:
  // `segment`: the most that one message of the plugin carries of what goes apart.
  PluginOutbound(PluginPipe& frames, PluginPipe& payloads, size_t segment)
      : frames_(frames), payloads_(payloads), segment_(segment) {}

  Status initialise();
  // Before the pipes are closed.
  void release();

  // Null when all requests are in use.
  Request* isend(const void* data, size_t bytes, const PluginMemory* memory);
  bool test(PluginRequest* request, size_t* bytes);
  Status progress(bool* moved);
  // Whether the request's buffer is needed no more; false while the plugin reads it.
  bool detach(PluginRequest* request);

  bool writable() const { return packed_ == sends_.size() && posted_ == apart_.size(); }
  bool idle() const { return packed_ == sends_.size() && apart_.empty() && frames_done_ == frames_built_; }

 private:
  static constexpr uint32_t kFrames = 4;

  bool may_pack() const {
    return frames_posted_ == frames_built_ && packed_ < sends_.size() && frames_built_ - frames_done_ < kFrames;
  }
  std::byte* frame_memory(uint32_t frame) {
    return reinterpret_cast<std::byte*>(memory_.data()) + frame % kFrames * kPluginFrameBytes;
  }
  void pack();
  Status post_frame(bool* moved);
  Status post_payloads(bool* moved);
  Status take_frames(bool* moved);
  Status take_payloads(bool* moved);
  static bool copy_out(const PluginRequest& request);

  PluginPipe& frames_;
  PluginPipe& payloads_;
  size_t segment_;
  Mapping memory_;
  void* registration_ = nullptr;
  FixedRing<PluginRequest, kPluginRequests> sends_;
  uint32_t packed_ = 0;                               // of `sends_`, how many a frame has announced
  FixedRing<PluginRequest*, kPluginRequests> apart_;  // that were announced and are not through
  uint32_t posted_ = 0;                               // of `apart_`, how many the plugin has in full
  uint32_t frames_built_ = 0;
  uint32_t frames_posted_ = 0;
  uint32_t frames_done_ = 0;
  size_t frame_bytes_ = 0;  // of the frame that was built last
};

}  // namespace hawser
