// The listening end of a lane over a network plugin.
#include <sys/random.h>

#include <cstring>

#include "net/plugin/meeting.h"

namespace hawser {
namespace {

constexpr Nanos kListenLimit = 5 * kSecond;
// For the first word of somebody who came, and for all that follows once it has proven them.
constexpr Nanos kGreetLimit = 2 * kSecond;
constexpr Nanos kGuestLimit = 4 * kSecond;
// Whoever asks as often as this waits for somebody: the thread then looks without a pause for as long.
constexpr Nanos kEager = 5 * kMillisecond;
// A listener that fails so often in a row is broken; strangers make some plugins fail once each.
constexpr int kMaxFailures = 16;

}  // namespace

class PluginListening : public PluginMeeting {
 public:
  explicit PluginListening(const PluginEnd& end) : PluginMeeting(end) {}

  void run() override {
    begin();
    int failures = 0;
    while (wait_for_demand()) {
      std::unique_ptr<PluginPipe> pipe;
      Status status = accept(&pipe);
      std::unique_ptr<Comm> comm;
      if (status.ok() && pipe != nullptr) status = greet(std::move(pipe), &comm);
      failures = status.ok() ? 0 : failures + 1;
      const std::lock_guard lock(mutex_);
      if (!status.ok()) ++strangers_;
      if (failures == kMaxFailures) broken_ = std::move(status);
      if (comm != nullptr) ready_.push_back(std::move(comm));
    }
  }

  Status await_handle(Handle* handle) {
    std::unique_lock lock(mutex_);
    const bool begun = changed_.wait_for(lock, std::chrono::nanoseconds(kListenLimit), [&] { return begun_; });
    if (!begun) return late("listening");
    std::memcpy(handle->bytes, &handle_, sizeof(handle_));
    return broken_;
  }

  Status take(std::unique_ptr<Comm>* out) {
    const std::lock_guard lock(mutex_);
    const Nanos time = now();
    if (time - asked_ < kEager) eager_until_ = time + kEager;
    asked_ = time;
    demanded_ = true;
    changed_.notify_all();
    if (!ready_.empty()) {
      *out = std::move(ready_.front());
      ready_.pop_front();
      return {};
    }
    return broken_;
  }

  uint64_t strangers() {
    const std::lock_guard lock(mutex_);
    return strangers_;
  }

 private:
  void begin() {
    alignas(16) unsigned char native[nccl::kHandleBytes] = {};
    Status status = listen(native);
    const std::lock_guard lock(mutex_);
    if (status.ok() && !pack_handle(native, end_.facts.name, &handle_)) {
      status = {HAWSER_UNSUPPORTED, std::string("network plugin ") + end_.net->name() +
                                        " fills its handles to the last bytes; Hawser passes on up to " +
                                        std::to_string(PluginHandleWire::kCarried) + " that are not zero"};
    }
    if (status.ok() && getrandom(&handle_.token, sizeof(handle_.token), 0) != sizeof(handle_.token)) {
      status = Status::from_errno(HAWSER_IO, "cannot get random bytes for a lane's token");
    }
    broken_ = std::move(status);
    begun_ = true;
    changed_.notify_all();
  }

  // False when there is nothing more to do.
  bool wait_for_demand() {
    std::unique_lock lock(mutex_);
    const auto wanted = [&] { return abandoned() || !broken_.ok() || demanded_; };
    if (now() < eager_until_) {
      changed_.wait_for(lock, std::chrono::microseconds(20), [&] { return abandoned(); });
    } else {
      changed_.wait(lock, wanted);
    }
    demanded_ = false;
    return !abandoned() && broken_.ok();
  }

  // `first` is the comm by which somebody came.
  Status greet(std::unique_ptr<PluginPipe> first, std::unique_ptr<Comm>* out) {
    PluginPipes frames{{}, std::move(first)};
    PluginPipes payloads;
    PluginHelloWire hello{};
    Status status = hear(PluginPurpose::kFrames, now() + kGreetLimit, *frames.receive, &hello);
    const Nanos deadline = now() + kGuestLimit;
    const PluginHelloWire guest = hello;
    if (status.ok()) status = answer(hello, deadline, &frames.send);
    if (status.ok()) status = await_accept(deadline, &payloads.receive);
    if (status.ok()) status = hear(PluginPurpose::kPayloads, deadline, *payloads.receive, &hello);
    if (status.ok()) status = answer(hello, deadline, &payloads.send);
    if (!status.ok()) return status;
    if (std::memcmp(hello.plugin, guest.plugin, sizeof(guest.plugin)) != 0) return stranger();
    return make_comm(std::move(frames), std::move(payloads), hello.segment_bytes, "", out);
  }

  Status hear(PluginPurpose purpose, Nanos deadline, PluginPipe& pipe, PluginHelloWire* hello) {
    if (Status status = move(pipe, sizeof(*hello), deadline); !status.ok()) return status;
    std::memcpy(hello, buffer_, sizeof(*hello));
    const bool known = hello->magic == kPluginHelloMagic && hello->token == handle_.token &&
                       hello->version == kPluginWireVersion && hello->purpose == purpose;
    return known ? Status() : stranger();
  }

  Status answer(const PluginHelloWire& hello, Nanos deadline, Pipe* back) {
    if (Status status = connect(hello.plugin, deadline, back); !status.ok()) return status;
    const PluginWelcomeWire welcome{kPluginWelcomeMagic, kPluginWireVersion, hello.purpose, segment_bytes()};
    std::memcpy(buffer_, &welcome, sizeof(welcome));
    return move(**back, sizeof(welcome), deadline);
  }

  static Status stranger() { return {HAWSER_REFUSED, "a stranger connected over the network plugin"}; }

  PluginHandleWire handle_{};
  bool begun_ = false;
  bool demanded_ = false;
  Nanos asked_ = 0;
  Nanos eager_until_ = 0;
  std::deque<std::unique_ptr<Comm>> ready_;
  uint64_t strangers_ = 0;
  Status broken_;
};

PluginListener::PluginListener(std::shared_ptr<PluginListening> listening)
    : listening_(std::move(listening)), thread_(listening_) {}

Status PluginListener::open(const PluginEnd& end, Handle* handle, std::unique_ptr<ListenComm>* out) {
  const auto listening = std::make_shared<PluginListening>(end);
  std::unique_ptr<PluginListener> listener(new PluginListener(listening));
  Status status = listening->await_handle(handle);
  if (status.ok()) *out = std::move(listener);
  return status;
}

Status PluginListener::accept(std::unique_ptr<Comm>* out) {
  out->reset();
  return listening_->take(out);
}

uint64_t PluginListener::strangers() const { return listening_->strangers(); }

}  // namespace hawser
