#include "net/plugin/comm.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace hawser {
namespace {

// How long the network may take to finish with a buffer that is wanted back, and with the last messages of a comm that
// is closed: the driver does nothing else meanwhile.
constexpr Nanos kGiveBack = 2 * kMillisecond;
constexpr Nanos kFarewell = 50 * kMillisecond;
// What a peer said before it left may come after the end of its payloads: by another comm.
constexpr Nanos kEndGrace = 20 * kMillisecond;
// A plugin says nothing of the peer's kernel: that nothing moves may be the peer's program, which computes and does not
// drive its engine. Only a silence this many times as long as a kernel's may last means that the peer is gone.
constexpr int64_t kSilences = 40;
// check_alive is asked more often than this while something is unacknowledged; a longer pause was an idle lane.
constexpr Nanos kIdle = kSecond;

// What travels in frames is copied by the host.
static_assert(kPluginInlineBytes < kLeastDeviceMessage);

Status fits(size_t bytes, const Memory* memory) {
  const bool on_gpu = memory != nullptr && static_cast<const PluginMemory*>(memory)->on_gpu;
  if (!on_gpu || bytes >= kLeastDeviceMessage) return {};
  return {HAWSER_INVALID_ARGUMENT, "a message of " + std::to_string(bytes) + " bytes is too short for a GPU's memory"};
}

}  // namespace

PluginComm::PluginComm(PluginPipes frames, PluginPipes payloads, const PluginTerms& terms)
    : frames_(std::move(frames)),
      payloads_(std::move(payloads)),
      terms_(terms),
      outbound_(*frames_.send, *payloads_.send, terms.segment_bytes),
      inbound_(*frames_.receive, *payloads_.receive, terms.segment_bytes) {}

PluginComm::~PluginComm() {
  const Nanos deadline = now() + kFarewell;
  while (broken_.ok() && end_.ok() && !outbound_.idle() && now() < deadline) {
    bool moved = false;
    broken_ = outbound_.progress(&moved);
    if (!moved) sched_yield();
  }
  close();
}

Status PluginComm::initialise() {
  if (Status status = outbound_.initialise(); !status.ok()) return status;
  return inbound_.initialise();
}

void PluginComm::close() {
  if (!open_) return;
  open_ = false;
  // Some plugins hold buffers for as long as these are registered, others look at registrations when they close.
  for (const auto& memory : memories_) withdraw(*memory);
  outbound_.release();
  inbound_.release();
  for (PluginPipes* pipes : {&frames_, &payloads_}) {
    pipes->send->close();
    pipes->receive->close();
  }
}

Status PluginComm::isend(const void* data, size_t bytes, Memory* memory, Request** out) {
  *out = nullptr;
  if (!broken_.ok()) return broken_;
  if (bytes > std::numeric_limits<uint32_t>::max()) {
    return {HAWSER_INVALID_ARGUMENT, "a message of " + std::to_string(bytes) + " bytes is longer than 4 GiB - 1"};
  }
  if (Status status = fits(bytes, memory); !status.ok()) return status;
  *out = outbound_.isend(data, bytes, static_cast<PluginMemory*>(memory));
  look_ = true;
  return {};
}

Status PluginComm::irecv(void* data, size_t bytes, Memory* memory, Request** out) {
  *out = nullptr;
  if (!broken_.ok()) return broken_;
  if (Status status = fits(bytes, memory); !status.ok()) return status;
  look_ = true;
  return broken_ = inbound_.irecv(data, bytes, static_cast<PluginMemory*>(memory), out);
}

bool PluginComm::test(Request* request, size_t* bytes) {
  auto* mine = static_cast<PluginRequest*>(request);
  return mine->sending ? outbound_.test(mine, bytes) : inbound_.test(mine, bytes);
}

bool PluginComm::is_leaving(const Request* request) const {
  const auto* mine = static_cast<const PluginRequest*>(request);
  return mine->done || (mine->apart && mine->posted == mine->bytes);
}

Status PluginComm::advance(bool* moved) {
  if (Status status = inbound_.progress(moved); !status.ok()) return status;
  return outbound_.progress(moved);
}

Status PluginComm::progress(bool* moved) {
  *moved = false;
  if (!broken_.ok()) return broken_;
  if (end_.ok()) {
    end_ = advance(moved);
    if (!end_.ok()) ended_at_ = now();
  } else {
    listen_on(moved);
  }
  look_ = *moved;
  if (*moved) ++moves_;
  return broken_;
}

void PluginComm::listen_on(bool* moved) {
  (void)inbound_.hear(moved);  // nothing new to tell of: it has ended
  if (*moved) ended_at_ = now();
  if (inbound_.deaf() || now() - ended_at_ > kEndGrace) broken_ = end_;
}

bool PluginComm::give_back(PluginRequest* request) {
  const Nanos deadline = now() + kGiveBack;
  do {
    if (!broken_.ok() || !end_.ok()) return false;
    if (request->sending ? outbound_.detach(request) : inbound_.detach(request)) return true;
    bool moved = false;
    end_ = advance(&moved);
    if (!end_.ok()) ended_at_ = now();
  } while (now() < deadline);
  return false;
}

void PluginComm::detach(Request* request) {
  if (give_back(static_cast<PluginRequest*>(request))) return;
  if (broken_.ok()) broken_ = end_;
  if (broken_.ok()) {
    broken_ = {HAWSER_LANE_LOST, "a message was taken back that the network plugin was moving", ECANCELED};
  }
  close();
}

Status PluginComm::check_alive(Nanos silence) {
  if (!broken_.ok()) return broken_;
  const Nanos time = now();
  if (moves_ != moves_seen_ || time - last_check_ > kIdle) silent_since_ = time;
  moves_seen_ = moves_;
  last_check_ = time;
  if (time - silent_since_ < kSilences * silence) return {};
  return broken_ = {HAWSER_LANE_LOST,
                    "nothing has moved over the network plugin for " +
                        std::to_string((time - silent_since_) / kMillisecond) + " ms: the peer is gone or hangs",
                    ETIMEDOUT};
}

Status PluginComm::register_memory(void* address, size_t bytes, int kind, Memory** out) {
  *out = nullptr;
  if (!broken_.ok()) return broken_;
  auto memory = std::make_unique<PluginMemory>();
  memory->on_gpu = kind == HAWSER_MEMORY_DEVICE;
  memory->whole = bytes > 0 && bytes <= payloads_.send->net().max_registration();
  if (memory->on_gpu && !memory->whole) {
    return {HAWSER_UNSUPPORTED, "the network plugin takes " + std::to_string(payloads_.send->net().max_registration()) +
                                    " bytes of a GPU's memory at the most, not " + std::to_string(bytes)};
  }
  if (memory->whole) {
    if (Status status = enroll(address, bytes, memory.get()); !status.ok()) return status;
  }
  *out = memory.get();
  memories_.push_back(std::move(memory));
  return {};
}

// With both directions.
Status PluginComm::enroll(void* address, size_t bytes, PluginMemory* out) {
  const auto enroll_with = [&](PluginPipe& pipe, void** memory) {
    return out->on_gpu ? pipe.register_gpu_memory(address, bytes, terms_.pointer_kinds, memory)
                       : pipe.register_memory(address, bytes, memory);
  };
  if (Status status = enroll_with(*payloads_.send, &out->send); !status.ok()) return status;
  Status status = enroll_with(*payloads_.receive, &out->receive);
  if (!status.ok()) payloads_.send->deregister_memory(out->send);
  return status;
}

void PluginComm::withdraw(PluginMemory& memory) {
  payloads_.send->deregister_memory(memory.send);
  payloads_.receive->deregister_memory(memory.receive);
}

void PluginComm::deregister_memory(Memory* memory) {
  const auto found = std::find_if(memories_.begin(), memories_.end(), [=](const auto& m) { return m.get() == memory; });
  if (found == memories_.end()) return;
  if (open_) withdraw(**found);
  memories_.erase(found);
}

}  // namespace hawser
