#include "net/plugin/meeting.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "mem/gpus.h"

namespace hawser {
namespace {

constexpr size_t kMaxSegment = size_t{1} << 30;
// Between two calls that found nobody: short at first, as some plugins need thousands of calls to meet.
constexpr Nanos kShortNap = 20 * kMicrosecond;
constexpr Nanos kFarewell = 100 * kMillisecond;

void nap(Nanos length) {
  const timespec time{0, static_cast<long>(length)};
  nanosleep(&time, nullptr);
}

}  // namespace

PluginMeeting::~PluginMeeting() {
  if (listen_comm_ != nullptr) (void)end_.net->close_listen(listen_comm_);
}

void PluginMeeting::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_.store(true, std::memory_order_relaxed);  // the mutex orders it where that matters
  changed_.notify_all();
}

bool PluginMeeting::over(Nanos deadline) const { return abandoned() || now() > deadline; }

Status PluginMeeting::late(const char* what) const {
  return {HAWSER_TIMEOUT, std::string("network plugin ") + end_.net->name() + ", device " + end_.facts.name + ": " +
                              what + " did not come about in time"};
}

Status PluginMeeting::listen(unsigned char (&handle)[nccl::kHandleBytes]) {
  const auto result = end_.net->listen(end_.device, handle, &listen_comm_);
  if (result != nccl::kSuccess) return failure("listen", result);
  if (listen_comm_ == nullptr) return {HAWSER_IO, "the network plugin listens, but has given no comm"};
  return {};
}

Status PluginMeeting::accept(Pipe* pipe) {
  void* comm = nullptr;
  nccl::NetDeviceHandle offload{};
  const bool wants_offload = unpacks();
  const auto result = end_.net->accept(listen_comm_, &comm, wants_offload ? &offload : nullptr);
  if (result != nccl::kSuccess) return failure("accept", result);
  if (comm == nullptr) return {};
  std::unique_ptr<PluginUnpack> unpack;
  Status usable = wants_offload ? PluginUnpack::open(offload, &unpack) : Status();
  *pipe = std::make_unique<PluginPipe>(end_.net, comm, PluginPipe::Direction::kReceive, end_.window, std::move(unpack));
  return usable;
}

Status PluginMeeting::connect(const unsigned char (&handle)[nccl::kHandleBytes], Nanos deadline, Pipe* pipe) {
  // The plugin keeps its state there from call to call.
  alignas(16) unsigned char state[nccl::kHandleBytes];
  std::memcpy(state, handle, sizeof(state));
  for (void* comm = nullptr;;) {
    const auto result = end_.net->connect(end_.device, state, &comm);
    if (result != nccl::kSuccess) return failure("connect", result);
    if (comm != nullptr) {
      *pipe = std::make_unique<PluginPipe>(end_.net, comm, PluginPipe::Direction::kSend, end_.window);
      return {};
    }
    if (over(deadline)) return late("a connection");
    nap(kShortNap);
  }
}

Status PluginMeeting::await_accept(Nanos deadline, Pipe* pipe) {
  for (;;) {
    if (Status status = accept(pipe); !status.ok() || *pipe != nullptr) return status;
    if (over(deadline)) return late("the connection back");
    nap(kShortNap);
  }
}

Status PluginMeeting::move(PluginPipe& pipe, size_t bytes, Nanos deadline) {
  void* memory = nullptr;
  if (Status status = pipe.register_memory(buffer_, sizeof(buffer_), &memory); !status.ok()) {
    return status;
  }
  for (bool posted = false, done = false; !done;) {
    size_t moved = 0;
    if (Status status = posted ? pipe.take(&done, &moved) : pipe.post({buffer_, memory}, bytes, &posted);
        !status.ok()) {
      return status;
    }
    if (done && moved != bytes)
      return {HAWSER_LANE_LOST, "the peer's first message over the network plugin is garbled"};
    if (done) break;
    if (over(deadline)) return late("the peer's first message");
    if (!posted || !done) nap(kShortNap);
  }
  pipe.deregister_memory(memory);
  return {};
}

size_t PluginMeeting::segment_bytes() const {
  const size_t most = unpacks() ? nccl::kUnpackMaxBytes : kMaxSegment;
  return std::min(most, end_.facts.max_message);
}

Status PluginMeeting::make_comm(PluginPipes frames, PluginPipes payloads, uint64_t peer_segment,
                                const std::string& peer, std::unique_ptr<Comm>* out) const {
  if (peer_segment < kPluginFrameBytes) return {HAWSER_LANE_LOST, "the peer's first message is garbled"};
  PluginTerms terms;
  terms.segment_bytes = std::min<size_t>(segment_bytes(), peer_segment);
  terms.pointer_kinds = end_.facts.pointer_kinds;
  terms.local = std::string(end_.net->name()) + " " + end_.facts.name;
  terms.peer = peer;
  auto comm = std::make_unique<PluginComm>(std::move(frames), std::move(payloads), terms);
  Status status = comm->initialise();
  if (status.ok()) *out = std::move(comm);
  return status;
}

PluginThread::PluginThread(std::shared_ptr<PluginMeeting> meeting)
    : meeting_(std::move(meeting)), ended_(std::make_shared<Ended>()) {
  thread_ = std::thread([running = meeting_, ended = ended_]() mutable {
    {
      // A device that unpacks does so for the GPU that is current: CUDA_VISIBLE_DEVICES says which is the first.
      std::optional<CurrentGpu> current;
      if (running->unpacks()) current.emplace(0);
      running->run();
    }
    running.reset();
    const std::lock_guard lock(ended->mutex);
    ended->value = true;
    ended->changed.notify_all();
  });
}

PluginThread::~PluginThread() {
  meeting_->abandon();
  std::unique_lock lock(ended_->mutex);
  const bool ended = ended_->changed.wait_for(lock, std::chrono::nanoseconds(kFarewell), [&] { return ended_->value; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

}  // namespace hawser
