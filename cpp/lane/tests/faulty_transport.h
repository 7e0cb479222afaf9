// The socket transport with faults below the protocol: real connections over loopback that fall silent, are reset,
// pause or deliver wrong bits when a test says so. Both ends of a link share one FaultyWire; a fault of a lane holds
// for both.
#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lane/wire.h"
#include "net/transport.h"

namespace hawser::testing {

struct LaneFaults {
  bool silent = false;    // nothing passes and nobody is told; new connections do not come about either
  bool paused = false;    // nothing passes, but the peer's kernel would acknowledge
  int resets = 0;         // so many of the next calls of progress() find the connection reset
  int failing_sends = 0;  // so many of the next isend() find the connection broken
  int payload_flips = 0;  // so many of the next payloads arrive with a wrong bit
  int packet_flips = 0;   // likewise packets
  bool refuses_listen = false;
  bool refuses_memory = false;
  int registrations = 0;  // that are live
};

class FaultyWire {
 public:
  // The faults of lane `index`, the listener's number.
  LaneFaults& lane(size_t index) {
    const std::scoped_lock lock(mutex_);
    if (lanes_.size() <= index) lanes_.resize(index + 1);
    if (lanes_[index] == nullptr) lanes_[index] = std::make_unique<LaneFaults>();
    return *lanes_[index];
  }
  LaneFaults& listening(size_t index, const Handle& handle) {
    LaneFaults& faults = lane(index);
    const std::scoped_lock lock(mutex_);
    by_handle_[key(handle)] = &faults;
    return faults;
  }
  LaneFaults& connecting(const Handle& handle) {
    const std::scoped_lock lock(mutex_);
    return *by_handle_.at(key(handle));
  }

 private:
  static std::string key(const Handle& handle) {
    return {reinterpret_cast<const char*>(handle.bytes), sizeof(handle.bytes)};
  }
  std::mutex mutex_;
  std::vector<std::unique_ptr<LaneFaults>> lanes_;
  std::map<std::string, LaneFaults*> by_handle_;
};

class FaultyComm : public Comm {
 public:
  FaultyComm(std::unique_ptr<Comm> inner, LaneFaults& faults) : inner_(std::move(inner)), faults_(faults) {}

  Status isend(const void* data, size_t bytes, Memory*, Request** out) override {
    *out = nullptr;
    if (broken_.ok() && faults_.failing_sends > 0) {
      --faults_.failing_sends;
      broken_ = {HAWSER_LANE_LOST, "injected: the send fails", EPIPE};
    }
    if (faults_.silent) swallowed_ += bytes;
    return broken_.ok() ? inner_->isend(data, bytes, nullptr, out) : broken_;
  }

  Status irecv(void* data, size_t bytes, Memory*, Request** out) override {
    *out = nullptr;
    if (!broken_.ok()) return broken_;
    const Status status = inner_->irecv(data, bytes, nullptr, out);
    if (*out != nullptr) receives_[*out] = {static_cast<unsigned char*>(data), bytes == wire::kPacketBytes};
    return status;
  }

  bool test(Request* request, size_t* bytes) override {
    if (!inner_->test(request, bytes)) return false;
    if (const auto found = receives_.find(request); found != receives_.end()) {
      if (found->second.data != nullptr && *bytes > 0) corrupt(found->second, *bytes);
      receives_.erase(found);
    }
    return true;
  }

  Status progress(bool* moved) override {
    *moved = false;
    if (broken_.ok() && faults_.resets > 0) {
      --faults_.resets;
      broken_ = {HAWSER_LANE_LOST, "injected: the connection was reset", ECONNRESET};
    }
    if (!broken_.ok()) return broken_;
    return held() ? Status() : inner_->progress(moved);
  }

  void detach(Request* request) override {
    if (const auto found = receives_.find(request); found != receives_.end()) found->second.data = nullptr;
    inner_->detach(request);
  }

  // A kernel whose peer has fallen silent takes some bytes still.
  bool writable() const override {
    return faults_.silent ? swallowed_ < kKernelBytes : !faults_.paused && inner_->writable();
  }
  bool ready() const override { return faults_.resets > 0 || (!held() && inner_->ready()); }
  void expect_input() override { inner_->expect_input(); }
  Status arm(Poller& poller) override { return inner_->arm(poller); }

  Status check_alive(Nanos silence) override {
    if (!faults_.silent) {
      silent_since_ = 0;
      return inner_->check_alive(silence);
    }
    if (silent_since_ == 0) silent_since_ = now();
    if (now() - silent_since_ < silence) return {};
    return {HAWSER_LANE_LOST, "injected: the peer's kernel is silent", ETIMEDOUT};
  }

  Status register_memory(void*, size_t, int, Memory** out) override {
    if (faults_.refuses_memory) return {HAWSER_OUT_OF_MEMORY, "injected: no memory can be registered", ENOMEM};
    ++faults_.registrations;
    *out = new Memory;
    return {};
  }
  void deregister_memory(Memory* memory) override {
    --faults_.registrations;
    delete memory;
  }

  std::string local_address() const override { return inner_->local_address(); }
  std::string peer_address() const override { return inner_->peer_address(); }
  int sockets() const override { return inner_->sockets(); }

 private:
  static constexpr size_t kKernelBytes = 128 * 1024;
  struct Receive {
    unsigned char* data = nullptr;  // null once detached
    bool packet = false;
  };

  bool held() const { return faults_.silent || faults_.paused; }

  void corrupt(const Receive& receive, size_t bytes) {
    int& flips = receive.packet ? faults_.packet_flips : faults_.payload_flips;
    if (flips == 0) return;
    --flips;
    receive.data[bytes / 2] ^= 0x10;
  }

  std::unique_ptr<Comm> inner_;
  LaneFaults& faults_;
  std::unordered_map<Request*, Receive> receives_;
  Status broken_;
  Nanos silent_since_ = 0;
  size_t swallowed_ = 0;
};

class FaultyListener : public ListenComm {
 public:
  FaultyListener(std::unique_ptr<ListenComm> inner, LaneFaults& faults) : inner_(std::move(inner)), faults_(faults) {}
  Status accept(std::unique_ptr<Comm>* out) override {
    out->reset();
    if (faults_.silent) return {};
    std::unique_ptr<Comm> comm;
    const Status status = inner_->accept(&comm);
    if (comm != nullptr) *out = std::make_unique<FaultyComm>(std::move(comm), faults_);
    return status;
  }
  int fd() const override { return inner_->fd(); }
  uint64_t strangers() const override { return inner_->strangers(); }

 private:
  std::unique_ptr<ListenComm> inner_;
  LaneFaults& faults_;
};

class FaultyConnector : public Connector {
 public:
  FaultyConnector(std::unique_ptr<Connector> inner, LaneFaults& faults) : inner_(std::move(inner)), faults_(faults) {}
  Status poll(std::unique_ptr<Comm>* out) override {
    out->reset();
    if (faults_.silent) return {};
    std::unique_ptr<Comm> comm;
    const Status status = inner_->poll(&comm);
    if (comm != nullptr) *out = std::make_unique<FaultyComm>(std::move(comm), faults_);
    return status;
  }
  int fd() const override { return inner_->fd(); }

 private:
  std::unique_ptr<Connector> inner_;
  LaneFaults& faults_;
};

class FaultyTransport : public Transport {
 public:
  FaultyTransport(Transport& inner, FaultyWire& wire) : inner_(inner), wire_(wire) {}
  const char* name() const override { return "faulty"; }
  const std::vector<DeviceProperties>& devices() const override { return inner_.devices(); }

  Status listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) override {
    const size_t lane = listened_++;
    if (wire_.lane(lane).refuses_listen) return {HAWSER_IO, "injected: the device does not listen", EADDRNOTAVAIL};
    std::unique_ptr<ListenComm> listener;
    if (Status status = inner_.listen(device, handle, &listener); !status.ok()) return status;
    *out = std::make_unique<FaultyListener>(std::move(listener), wire_.listening(lane, *handle));
    return {};
  }

  Status connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) override {
    std::unique_ptr<Connector> connector;
    if (Status status = inner_.connect(device, handle, &connector); !status.ok()) return status;
    *out = std::make_unique<FaultyConnector>(std::move(connector), wire_.connecting(handle));
    return {};
  }

 private:
  Transport& inner_;
  FaultyWire& wire_;
  size_t listened_ = 0;
};

}  // namespace hawser::testing
