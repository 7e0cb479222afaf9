// yacl's IChannel over Hawser's lanes, without Python: one end of what two parties say to each other. Part of the
// public interface: see lane_link.h.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "yacl/link/transport/channel.h"

namespace hawser {

class LaneCommunicator;
struct SendGroup;

// What goes under yacl's key k here goes under the key "prefix:k" there, as with Java's BaseChannel, which may be the
// other end. A key may be used again, and several times at once: messages come in the order in which they were sent.
//
// Any thread may use it, many at once. Every wait is bounded by the receive timeout, counted from the call. Failures
// are yacl::IoError for a timeout, yacl::LinkAborted for an abort or a peer that closed, yacl::LinkError otherwise;
// they name both ranks and the key.
class LaneChannel : public ::yacl::link::transport::IChannel {
 public:
  // `tag_prefix`: the same at both ends, another one for every link that is in use at a time.
  LaneChannel(std::shared_ptr<LaneCommunicator> communicator, size_t peer, const std::string& tag_prefix = "spu");

  // Messages up to 64 KiB are copied, and on their way at return. Longer ones are not copied: Send waits until the peer
  // has acknowledged them, the others keep the buffer.
  void Send(const std::string& key, ::yacl::ByteContainerView value) override;
  void SendAsync(const std::string& key, ::yacl::ByteContainerView value) override;
  void SendAsync(const std::string& key, ::yacl::Buffer value) override;
  using IChannel::SendAsyncThrottled;
  void SendAsyncThrottled(const std::string& key, ::yacl::Buffer value) override;

  ::yacl::Buffer Recv(const std::string& key) override;

  void SetRecvTimeout(uint64_t timeout_ms) override { recv_timeout_ms_ = timeout_ms; }
  uint64_t GetRecvTimeout() const override { return recv_timeout_ms_; }

  // Waits until all sends of this channel have ended; throws the first failure among them.
  void WaitLinkTaskFinish() override;
  // Wakes who waits on this channel, and refuses what comes after. The lanes stay as they are.
  void Abort() override;

  // How many throttled sends may be under way; 0 means any number.
  void SetThrottleWindowSize(size_t size) override { window_ = size; }
  // Says to the peer that this end is there. Throws yacl::NetworkError when it cannot be said in time.
  void TestSend(uint32_t timeout_ms) override;
  void TestRecv() override;
  // The lanes cut long messages themselves: see LaneOptions::chunk_bytes.
  void SetChunkParallelSendSize(size_t) override {}

 private:
  void check_usable(const std::string& key) const;
  void await_sends(const SendGroup& group, uint64_t under_way, const char* what);
  std::string name() const;

  const std::shared_ptr<LaneCommunicator> communicator_;
  const size_t peer_;
  const std::string prefix_;
  const std::shared_ptr<SendGroup> sends_;
  const std::shared_ptr<SendGroup> throttled_;
  std::atomic<uint64_t> recv_timeout_ms_{100'000};
  std::atomic<size_t> window_{0};
  std::atomic<bool> aborted_{false};
};

}  // namespace hawser
