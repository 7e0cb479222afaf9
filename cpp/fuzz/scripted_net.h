// A network whose peer is a script: its comms give what they are told to, and take whatever is sent.
#pragma once

#include <deque>
#include <memory>

#include "fuzz/target.h"
#include "net/transport.h"

namespace hawser::fuzz {

class ScriptedComm : public Comm {
 public:
  // The next message of the peer. What finds no receive yet waits.
  void say(std::vector<uint8_t> message) { said_.push_back(std::move(message)); }
  void break_off() { broken_ = {HAWSER_LANE_LOST, "the script breaks the lane"}; }

  Status isend(const void*, size_t bytes, Memory*, Request** out) override {
    *out = nullptr;
    if (broken_.ok()) *out = &sends_.emplace_back(Pending{{}, nullptr, bytes, true});
    return broken_;
  }
  Status irecv(void* data, size_t bytes, Memory*, Request** out) override {
    *out = nullptr;
    if (broken_.ok()) *out = &receives_.emplace_back(Pending{{}, data, bytes, false});
    return broken_;
  }
  bool test(Request* request, size_t* bytes) override {
    auto* pending = static_cast<Pending*>(request);
    if (!pending->done) return false;
    *bytes = pending->bytes;
    std::deque<Pending>& queue = !receives_.empty() && &receives_.front() == pending ? receives_ : sends_;
    pending->told = true;
    while (!queue.empty() && queue.front().told) queue.pop_front();
    return true;
  }
  Status progress(bool* moved) override {
    for (Pending& pending : receives_) {
      if (pending.done) continue;
      if (said_.empty()) break;
      const std::vector<uint8_t> message = std::move(said_.front());
      said_.pop_front();
      if (message.size() > pending.bytes) {
        broken_ = {HAWSER_TRUNCATED, "a message is longer than its receive"};
        break;
      }
      if (pending.data != nullptr && !message.empty()) std::memcpy(pending.data, message.data(), message.size());
      pending.bytes = message.size();
      pending.done = *moved = true;
    }
    return broken_;
  }
  void detach(Request* request) override { static_cast<Pending*>(request)->data = nullptr; }
  bool writable() const override { return true; }
  bool ready() const override {
    return !broken_.ok() || (!said_.empty() && !receives_.empty() && !receives_.back().done);
  }
  void expect_input() override {}
  Status arm(Poller&) override { return {}; }
  Status check_alive(Nanos) override { return broken_; }
  Status register_memory(void*, size_t, int, Memory** out) override {
    *out = nullptr;
    return {};
  }
  void deregister_memory(Memory*) override {}
  std::string local_address() const override { return "here"; }
  std::string peer_address() const override { return "there"; }

 private:
  struct Pending : Request {
    Pending(Request base, void* to, size_t size, bool sent) : Request(base), data(to), bytes(size), done(sent) {}
    void* data;
    size_t bytes;
    bool done;  // a send is done at once
    bool told = false;
  };

  std::deque<std::vector<uint8_t>> said_;
  std::deque<Pending> sends_;
  std::deque<Pending> receives_;
  Status broken_;
};

// Devices "a" and "b", whose connections are there at once. `greet` says what a peer says first.
class ScriptedTransport : public Transport {
 public:
  using Greet = std::vector<uint8_t> (*)(void* script, int device);
  ScriptedTransport(Greet greet, void* script) : greet_(greet), script_(script) {
    for (const char* name : {"a", "b"}) {
      devices_.emplace_back();
      devices_.back().name = name;
    }
  }

  // The newest comm of a device, which its link owns; null before there is one. Only while the link has it.
  ScriptedComm* comm(size_t device) { return comms_[device]; }

  const char* name() const override { return "script"; }
  const std::vector<DeviceProperties>& devices() const override { return devices_; }
  Status listen(int, Handle*, std::unique_ptr<ListenComm>*) override { return {HAWSER_UNSUPPORTED, "a script"}; }
  Status connect(int device, const Handle&, std::unique_ptr<hawser::Connector>* out) override {
    *out = std::make_unique<There>(*this, device);
    return {};
  }

 private:
  struct There : hawser::Connector {
    There(ScriptedTransport& transport, int number) : owner(transport), device(number) {}
    Status poll(std::unique_ptr<Comm>* out) override {
      auto comm = std::make_unique<ScriptedComm>();
      owner.comms_[static_cast<size_t>(device)] = comm.get();
      comm->say(owner.greet_(owner.script_, device));
      *out = std::move(comm);
      return {};
    }
    int fd() const override { return -1; }
    ScriptedTransport& owner;
    int device;
  };

  Greet greet_;
  void* script_;
  std::vector<DeviceProperties> devices_;
  ScriptedComm* comms_[2] = {};
};

}  // namespace hawser::fuzz
