#include "net/fault/comm.h"

#include <cerrno>

namespace hawser {

namespace {

constexpr size_t kKernelBytes = 128 * 1024;  // what a kernel still takes whose peer has fallen silent
constexpr Nanos kLateness = 3 * kMillisecond;
constexpr Nanos kSlowStep = 5 * kMillisecond;

}  // namespace

FaultComm::~FaultComm() {
  faults_.registrations.fetch_sub(static_cast<int>(memories_.size()), std::memory_order_relaxed);
}

Status FaultComm::break_with(const char* what, int sys_errno) {
  broken_ = {HAWSER_LANE_LOST, std::string("injected: ") + what, sys_errno};
  return broken_;
}

bool FaultComm::breaks_next() const {
  return !broken_.ok() || LaneFaults::due(faults_.resets) || LaneFaults::due(faults_.cuts);
}

bool FaultComm::held() const {
  return LaneFaults::lasts(faults_.silent_until) || LaneFaults::lasts(faults_.paused_until) ||
         (slow_turn_ != 0 && slow_turn_ > now());
}

Status FaultComm::isend(const void* data, size_t bytes, Memory* memory, Request** out) {
  *out = nullptr;
  board_->count();
  if (!broken_.ok()) return broken_;
  if (LaneFaults::take(faults_.failing_sends)) return break_with("the send fails", EPIPE);
  if (LaneFaults::lasts(faults_.silent_until)) swallowed_ += bytes;
  return inner_->isend(data, bytes, memory == nullptr ? nullptr : static_cast<Registered*>(memory)->inner, out);
}

Status FaultComm::irecv(void* data, size_t bytes, Memory* memory, Request** out) {
  *out = nullptr;
  board_->count();
  if (!broken_.ok()) return broken_;
  if (LaneFaults::take(faults_.failing_receives)) return break_with("the receive fails", EIO);
  const auto* registered = static_cast<const Registered*>(memory);
  auto receive = std::make_unique<Receive>();
  Status status = inner_->irecv(data, bytes, registered == nullptr ? nullptr : registered->inner, &receive->inner);
  if (receive->inner == nullptr) return status;
  if (registered == nullptr || !registered->device) receive->data = static_cast<unsigned char*>(data);
  *out = receive.get();
  receives_.emplace(*out, std::move(receive));
  return status;
}

bool FaultComm::test(Request* request, size_t* bytes) {
  const auto found = receives_.find(request);
  if (found == receives_.end()) return inner_->test(request, bytes);  // a send
  Receive& receive = *found->second;
  if (&receive == late_) {
    if (late_until_ > now()) return false;
    *bytes = receive.bytes;
    late_ = nullptr;
  } else {
    if (!inner_->test(receive.inner, bytes)) return false;
    if (receive.data != nullptr) corrupt(receive.data, *bytes);
    if (late_ == nullptr && LaneFaults::take(faults_.late_messages)) {
      receive.bytes = *bytes;
      late_ = &receive;
      late_until_ = now() + kLateness;
      return false;
    }
  }
  receives_.erase(found);
  return true;
}

void FaultComm::corrupt(unsigned char* data, size_t bytes) {
  ++messages_;
  if (bytes <= faults_.flips_above.load(std::memory_order_relaxed) || !LaneFaults::take(faults_.flips)) return;
  if (board_->sealed()) {
    (void)break_with("a record does not prove its origin", EBADMSG);
    return;
  }
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;
  const uint64_t where = messages_ * kSpread;
  data[where % bytes] ^= static_cast<unsigned char>(1u << (where >> 61));
}

Status FaultComm::progress(bool* moved) {
  *moved = false;
  if (!broken_.ok()) return broken_;
  if (LaneFaults::take(faults_.resets)) return break_with("the connection was reset", ECONNRESET);
  if (held()) return {};
  if (LaneFaults::lasts(faults_.slow_until)) slow_turn_ = now() + kSlowStep;
  Status status = inner_->progress(moved);
  if (status.ok() && LaneFaults::take(faults_.cuts)) return break_with("the connection was cut", ECONNABORTED);
  return status;
}

void FaultComm::detach(Request* request) {
  const auto found = receives_.find(request);
  if (found == receives_.end()) {
    inner_->detach(request);
  } else if (found->second.get() != late_) {  // of a late one, all is there
    found->second->data = nullptr;
    inner_->detach(found->second->inner);
  }
}

bool FaultComm::writable() const {
  if (LaneFaults::lasts(faults_.silent_until)) return swallowed_ < kKernelBytes;
  return !LaneFaults::lasts(faults_.paused_until) && inner_->writable();
}

bool FaultComm::ready() const {
  if (breaks_next()) return true;
  if (late_ != nullptr && late_until_ <= now()) return true;
  return !held() && inner_->ready();
}

// No descriptor tells when a fault begins or ends.
bool FaultComm::needs_polling() const { return breaks_next() || late_ != nullptr || held() || inner_->needs_polling(); }

Status FaultComm::check_alive(Nanos silence) {
  if (!broken_.ok()) return broken_;
  if (!LaneFaults::lasts(faults_.silent_until)) {
    silent_since_ = 0;
    swallowed_ = 0;
    return inner_->check_alive(silence);
  }
  if (silent_since_ == 0) silent_since_ = now();
  if (now() - silent_since_ < silence) return {};
  return break_with("the peer's kernel is silent", ETIMEDOUT);
}

Status FaultComm::register_memory(void* address, size_t bytes, int kind, Memory** out) {
  *out = nullptr;
  if (LaneFaults::take(faults_.refused_memories)) {
    return {HAWSER_OUT_OF_MEMORY, "injected: no memory can be registered", ENOMEM};
  }
  auto registered = std::make_unique<Registered>();
  registered->device = kind == HAWSER_MEMORY_DEVICE;
  if (Status status = inner_->register_memory(address, bytes, kind, &registered->inner); !status.ok()) return status;
  *out = registered.get();
  memories_.push_back(std::move(registered));
  faults_.registrations.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void FaultComm::deregister_memory(Memory* memory) {
  const auto* registered = static_cast<const Registered*>(memory);
  if (registered->inner != nullptr) inner_->deregister_memory(registered->inner);
  std::erase_if(memories_, [registered](const auto& owned) { return owned.get() == registered; });
  faults_.registrations.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace hawser
