// The connecting end of a lane over a network plugin.
#include <cstring>

#include "net/plugin/meeting.h"

namespace hawser {
namespace {

constexpr Nanos kConnectLimit = 20 * kSecond;

}  // namespace

class PluginConnecting : public PluginMeeting {
 public:
  PluginConnecting(const PluginEnd& end, const Handle& handle) : PluginMeeting(end) {
    std::memcpy(&handle_, handle.bytes, sizeof(handle_));
  }

  void run() override {
    std::unique_ptr<Comm> comm;
    Status status = meet(&comm);
    const std::lock_guard lock(mutex_);
    comm_ = std::move(comm);
    failed_ = std::move(status);
  }

  Status take(std::unique_ptr<Comm>* out) {
    const std::lock_guard lock(mutex_);
    *out = std::move(comm_);
    return failed_;
  }

 private:
  Status meet(std::unique_ptr<Comm>* out) {
    const Nanos deadline = now() + kConnectLimit;
    PluginHelloWire hello{kPluginHelloMagic, kPluginWireVersion, {}, handle_.token, segment_bytes(), {}};
    alignas(16) unsigned char native[nccl::kHandleBytes] = {};
    if (Status status = listen(native); !status.ok()) return status;
    std::memcpy(hello.plugin, native, sizeof(native));
    PluginPipes frames;
    PluginPipes payloads;
    uint64_t segment = 0;
    Status status = join(hello, PluginPurpose::kFrames, deadline, &frames, &segment);
    if (status.ok()) status = join(hello, PluginPurpose::kPayloads, deadline, &payloads, &segment);
    if (!status.ok()) return status;
    return make_comm(std::move(frames), std::move(payloads), segment, device_of_handle(handle_), out);
  }

  Status join(PluginHelloWire hello, PluginPurpose purpose, Nanos deadline, PluginPipes* out, uint64_t* segment) {
    unsigned char peer[nccl::kHandleBytes];
    if (!unpack_handle(handle_, peer)) return {HAWSER_INVALID_ARGUMENT, "the listener's handle is damaged"};
    if (Status status = connect(peer, deadline, &out->send); !status.ok()) return status;
    hello.purpose = purpose;
    std::memcpy(buffer_, &hello, sizeof(hello));
    if (Status status = move(*out->send, sizeof(hello), deadline); !status.ok()) return status;
    if (Status status = await_accept(deadline, &out->receive); !status.ok()) return status;
    if (Status status = move(*out->receive, sizeof(PluginWelcomeWire), deadline); !status.ok()) return status;
    PluginWelcomeWire welcome;
    std::memcpy(&welcome, buffer_, sizeof(welcome));
    if (welcome.magic != kPluginWelcomeMagic || welcome.version != kPluginWireVersion || welcome.purpose != purpose) {
      return {HAWSER_REFUSED, "the listener's answer over the network plugin is garbled"};
    }
    *segment = welcome.segment_bytes;
    return {};
  }

  PluginHandleWire handle_{};
  std::unique_ptr<Comm> comm_;
  Status failed_;
};

PluginConnector::PluginConnector(const PluginEnd& end, const Handle& handle)
    : PluginConnector(std::make_shared<PluginConnecting>(end, handle)) {}

PluginConnector::PluginConnector(std::shared_ptr<PluginConnecting> connecting)
    : connecting_(std::move(connecting)), thread_(connecting_) {}

Status PluginConnector::poll(std::unique_ptr<Comm>* out) {
  out->reset();
  return connecting_->take(out);
}

}  // namespace hawser
