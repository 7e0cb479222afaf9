// The receiving half of a lane over a plugin: takes frames apart and gives receives what they announce, in the order of
// irecv. What goes apart has a comm of its own, so that the next frames are seen while it is under way.
#pragma once

#include "mem/mapping.h"
#include "net/plugin/pipe.h"
#include "net/plugin/request.h"
#include "net/plugin/wire.h"

namespace hawser {

class PluginInbound {
 public:
  // `segment`: as the peer's PluginOutbound has it.
  PluginInbound(PluginPipe& frames, PluginPipe& payloads, size_t segment)
      : frame_pipe_(frames), payloads_(payloads), segment_(segment) {}

  Status initialise();
  // Before the pipes are closed.
  void release();

  // *out is null when all requests are in use. What has arrived already is in its place at once.
  Status irecv(void* data, size_t bytes, const PluginMemory* memory, Request** out);
  bool test(PluginRequest* request, size_t* bytes);
  Status progress(bool* moved);
  // The frames alone: what a peer said before it left.
  Status hear(bool* moved);
  // No frame comes any more, and every one that came was taken apart.
  bool deaf() const { return !deaf_.ok() && frames_.empty(); }
  // Whether the request's buffer is needed no more; false while the plugin writes there.
  bool detach(PluginRequest* request);

 private:
  static constexpr uint32_t kFrames = 4;
  struct Frame {
    uint32_t count = 0;
    uint32_t next = 0;   // the first entry that no receive has met
    size_t payload = 0;  // where that entry's payload lies, if it is in the frame
  };
  // A segment that the plugin is to receive.
  struct Flight {
    PluginRequest* apart = nullptr;
    size_t bytes = 0;
  };

  std::byte* frame_memory(uint32_t frame) {
    return reinterpret_cast<std::byte*>(memory_.data()) + frame % kFrames * kPluginFrameBytes;
  }
  uint32_t first_frame() const { return frames_arrived_ - frames_.size(); }

  Status take_frames(bool* moved);
  Status take_payloads(bool* moved);
  Status open_frame(size_t bytes);
  Status match(bool* moved);
  Status meet(PluginRequest* request, const PluginEntryWire& entry, Frame* frame);
  Status begin_apart(PluginRequest* request);
  Status post_frames();
  Status post_payloads(bool* moved);
  PluginEntryWire entry_of(uint32_t frame, uint32_t index);

  PluginPipe& frame_pipe_;
  PluginPipe& payloads_;
  size_t segment_;
  Mapping memory_;
  void* registration_ = nullptr;
  FixedRing<PluginRequest, kPluginRequests> receives_;
  uint32_t bound_ = 0;  // of `receives_`, how many have met their message
  FixedRing<Frame, kFrames> frames_;
  Status deaf_;  // why no frame comes any more
  uint32_t frames_posted_ = 0;
  uint32_t frames_arrived_ = 0;
  PluginRequest* posting_ = nullptr;  // met its message apart, which is not posted in full
  FixedRing<Flight, nccl::kMaxRequests> flights_;
};

}  // namespace hawser
