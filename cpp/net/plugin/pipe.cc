#include "net/plugin/pipe.h"

#include <algorithm>
#include <utility>

#include "base/unique_fd.h"
#include "mem/gpus.h"

namespace hawser {

PluginPipe::PluginPipe(std::shared_ptr<PluginNet> net, void* comm, Direction direction, uint32_t window,
                       std::unique_ptr<PluginUnpack> unpack)
    : net_(std::move(net)),
      comm_(comm),
      direction_(direction),
      window_(std::clamp<uint32_t>(window, 1, kMaxFlights)),
      unpack_(std::move(unpack)) {}

PluginPipe::~PluginPipe() { close(); }

void PluginPipe::close() {
  if (comm_ == nullptr) return;
  if (unpack_ != nullptr) unpack_->drain();
  void* comm = std::exchange(comm_, nullptr);
  // There is nothing to do about an error: the comm is gone in any case.
  (void)(direction_ == Direction::kSend ? net_->close_send(comm) : net_->close_receive(comm));
}

Status PluginPipe::register_memory(void* data, size_t bytes, void** memory) {
  *memory = nullptr;
  const auto result = net_->reg_mr(comm_, data, bytes, nccl::kPointerHost, memory);
  return result == nccl::kSuccess ? Status() : failure("regMr", result);
}

Status PluginPipe::register_gpu_memory(void* data, size_t bytes, int kinds, void** memory) {
  *memory = nullptr;
  if ((kinds & nccl::kPointerCuda) == 0) {
    return {HAWSER_UNSUPPORTED, std::string("network plugin ") + net_->name() + " takes memory of the host only"};
  }
  int gpu = 0;
  if (unpack_ != nullptr && !unpack_->on_gpu()) {
    return {HAWSER_UNSUPPORTED,
            std::string("network plugin ") + net_->name() + " has its fragments in the host's memory"};
  }
  // A lane that comes back finds memory here that was freed since: nobody uses that any more.
  if (Status status = find_gpu(data, bytes, &gpu); !status.ok()) return {HAWSER_UNSUPPORTED, status.text()};
  const CurrentGpu current(gpu);
  if ((kinds & nccl::kPointerDmaBuf) != 0) {
    UniqueFd buffer;
    uint64_t offset = 0;
    // Without one there is the other way, as with a buffer that the plugin refuses.
    if (int fd = -1; export_dmabuf(data, bytes, &fd, &offset).ok()) buffer = UniqueFd(fd);
    const bool registered =
        buffer.valid() && net_->reg_mr_dma_buf(comm_, data, bytes, offset, buffer.get(), memory) == nccl::kSuccess;
    if (registered) return {};
    *memory = nullptr;
  }
  const auto result = net_->reg_mr(comm_, data, bytes, nccl::kPointerCuda, memory);
  return result == nccl::kSuccess ? Status() : net_->failure("regMr", result, HAWSER_UNSUPPORTED);
}

void PluginPipe::deregister_memory(void* memory) {
  if (comm_ != nullptr && memory != nullptr) (void)net_->dereg_mr(comm_, memory);
}

Status PluginPipe::post(const Place& place, size_t bytes, bool* posted) {
  *posted = false;
  void* request = nullptr;  // since version 9 irecv reads it
  const bool sending = direction_ == Direction::kSend;
  const auto result = sending ? net_->isend(comm_, place.data, bytes, place.memory, &request)
                              : net_->irecv(comm_, place.data, bytes, place.memory, &request);
  if (result != nccl::kSuccess) return failure(sending ? "isend" : "irecv", result);
  if (request == nullptr) return {};
  flights_.push() = {request, place, bytes};
  *posted = true;
  return {};
}

Status PluginPipe::test_next() {
  Flight& flight = flights_.at(arrived_);
  int done = 0;
  int bytes = static_cast<int>(flight.bytes);
  if (const auto result = net_->test(flight.request, &done, &bytes); result != nccl::kSuccess) {
    return failure("test", result);
  }
  if (done == 0) return {};
  ++arrived_;
  if (direction_ == Direction::kSend) return {};
  if (bytes < 0 || static_cast<size_t>(bytes) > flight.bytes) {
    return {HAWSER_TRUNCATED, std::string("network plugin ") + net_->name() + ": a message of " +
                                  std::to_string(bytes) + " bytes came for a receive of " +
                                  std::to_string(flight.bytes)};
  }
  flight.bytes = static_cast<size_t>(bytes);
  if (unpack_ != nullptr) return unpack_->begin(flight.place.data, flight.place.on_gpu, &flight.bytes);
  return flight.place.on_gpu && flight.bytes > 0 ? begin_flush(flight) : Status();
}

Status PluginPipe::begin_flush(Flight& flight) {
  const auto result = net_->iflush(comm_, flight.place.data, flight.bytes, flight.place.memory, &flight.flush);
  return result == nccl::kSuccess ? Status() : failure("iflush", result);
}

// What must come after a receive that the network is done with, before its bytes are there.
Status PluginPipe::settle(Flight& oldest, bool* done) {
  *done = true;
  if (unpack_ != nullptr) {
    if (Status status = unpack_->poll(done); !status.ok() || !*done) return status;
    const auto result = net_->irecv_consumed(comm_, oldest.request);
    return result == nccl::kSuccess ? Status() : failure("irecvConsumed", result);
  }
  if (oldest.flush == nullptr) return {};
  int flushed = 0;
  const auto result = net_->test(oldest.flush, &flushed, nullptr);
  *done = flushed != 0;
  return result == nccl::kSuccess ? Status() : failure("test of a flush", result);
}

Status PluginPipe::take(bool* done, size_t* bytes) {
  *done = false;
  // Only ever the oldest that the network has: some plugins refuse to be asked for another. Those behind a message that
  // is being unpacked or flushed go on meanwhile.
  if (arrived_ < flights_.size()) {
    if (Status status = test_next(); !status.ok()) return status;
  }
  if (arrived_ == 0) return {};
  Flight& oldest = flights_.front();
  if (Status status = settle(oldest, done); !status.ok() || !*done) return status;
  *bytes = oldest.bytes;
  flights_.pop();
  --arrived_;
  return {};
}

}  // namespace hawser
