#include "port/port_channel.h"

#include <array>
#include <span>

namespace hawser::port {

namespace {

// A position of this kind is a connection's mark: the flush was served by its caller.
constexpr uint64_t kMark = uint64_t{1} << 63;
// A mark that no connection comes to: the flush was served when the connection had failed.
constexpr uint64_t kNever = UINT64_MAX;

// What a trigger asks of its connection. Made in place: copies of what was just written are slow to read.
class Works {
 public:
  Works(uint32_t kind, Memory* destination, uint64_t destination_offset, Memory* source, uint64_t source_offset,
        uint64_t bytes, Semaphore& semaphore) {
    if ((kind & HAWSER_TRIGGER_PUT) != 0) {
      room_[count_++] = Work::put(destination, destination_offset, source, source_offset, bytes);
    }
    if ((kind & HAWSER_TRIGGER_SIGNAL) != 0) room_[count_++] = Work::signal(&semaphore);
    if ((kind & HAWSER_TRIGGER_FLUSH) != 0) room_[count_++] = Work::fence();
  }
  operator std::span<Work>() { return {room_.data(), count_}; }
  bool empty() const { return count_ == 0; }

 private:
  std::array<Work, 3> room_;
  size_t count_ = 0;
};

}  // namespace

PortChannel::PortChannel(ProxyService& proxy, uint32_t number, Semaphore& semaphore, uint32_t destination,
                         uint32_t source, std::shared_ptr<Memory> destination_memory,
                         std::shared_ptr<Memory> source_memory)
    : proxy_(proxy),
      number_(number),
      semaphore_(semaphore),
      destination_(destination),
      source_(source),
      destination_memory_(std::move(destination_memory)),
      source_memory_(std::move(source_memory)) {}

int32_t PortChannel::post(uint32_t kind, uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
                          uint64_t* position) {
  Connection& connection = semaphore_.connection();
  Works asked(kind, destination_memory_.get(), destination_offset, source_memory_.get(), source_offset, bytes,
              semaphore_);
  if (asked.empty()) {
    return refused(Status(HAWSER_INVALID_ARGUMENT,
                          "a trigger of kind " + std::to_string(kind) + " neither puts nor signals nor flushes"));
  }
  // The caller serves its own trigger where that takes no longer than to post it and nothing could be overtaken.
  if ((bytes <= HAWSER_PORT_INLINE || connection.posts_without_copying()) && proxy_.idle()) {
    uint64_t mark = 0;
    Status status;
    const bool done = connection.try_submit(asked, &mark, &status);
    if (done && status.ok()) {
      if (position != nullptr) *position = kMark | mark;
      return HAWSER_OK;
    }
    if (done && status.code() != HAWSER_TIMEOUT) return refused(std::move(status));
  }
  if (!connection.open()) return refused(connection.error());
  if (Status status = connection.allows(std::span<Work>(asked)); !status.ok()) return refused(std::move(status));
  hawser_trigger trigger{};
  trigger.kind = kind;
  trigger.channel = number_;
  trigger.destination = destination_;
  trigger.source = source_;
  trigger.destination_offset = destination_offset;
  trigger.source_offset = source_offset;
  trigger.bytes = bytes;
  return proxy_.push(trigger, position) ? HAWSER_OK : HAWSER_TIMEOUT;
}

bool PortChannel::serve(const hawser_trigger& trigger) {
  // A host's triggers name the channel's own memories; a kernel's may name any of the proxy's.
  const auto destination =
      trigger.destination == destination_ ? destination_memory_ : proxy_.memory(trigger.destination);
  const auto source = trigger.source == source_ ? source_memory_ : proxy_.memory(trigger.source);
  if (destination == nullptr || source == nullptr) {
    fail(Status(HAWSER_INVALID_ARGUMENT, "a trigger names the proxy's memories " + std::to_string(trigger.destination) +
                                             " and " + std::to_string(trigger.source) + ", which it does not have"));
    return true;
  }
  Works asked(trigger.kind, destination.get(), trigger.destination_offset, source.get(), trigger.source_offset,
              trigger.bytes, semaphore_);
  uint64_t mark = 0;
  Status status = semaphore_.connection().submit(asked, &mark);
  if (status.code() == HAWSER_TIMEOUT) return false;
  if (!status.ok()) {
    // Whoever posted it has gone on: what follows it would be out of order.
    if (semaphore_.connection().open()) fail(std::move(status));
    if ((trigger.kind & HAWSER_TRIGGER_FLUSH) != 0) mark_.store(kNever, std::memory_order_release);
    return true;
  }
  if ((trigger.kind & HAWSER_TRIGGER_FLUSH) != 0) mark_.store(mark, std::memory_order_release);
  return true;
}

Status PortChannel::flushed(uint64_t position, Nanos deadline, Nanos spin) {
  Connection& connection = semaphore_.connection();
  if ((position & kMark) != 0) return connection.await_fence(position & ~kMark, deadline, spin);
  const auto over = [&] { return !connection.open(); };
  if (!wait_word(proxy_.served(), position + 1, deadline, spin, true, over)) {
    if (over()) return connection.error();
    return Status(HAWSER_TIMEOUT, "the proxy did not come to the flush in time: is it started?")
        .of_rank(connection.peer_rank());
  }
  // Of this flush, or a later one.
  return connection.await_fence(mark_.load(std::memory_order_acquire), deadline, spin);
}

Status PortChannel::wait(Nanos deadline, Nanos spin) {
  Status status = semaphore_.wait(expected_ + 1, deadline, spin);
  if (status.ok()) ++expected_;
  return status;
}

bool PortChannel::poll() {
  if (semaphore_.on_device() || load_word(semaphore_.word()) <= expected_) return false;
  ++expected_;
  return true;
}

void PortChannel::abandon() {
  fail(Status(HAWSER_CANCELLED, "the proxy was stopped with triggers of the channel still in its FIFO"));
}

void PortChannel::fail(Status why) { semaphore_.connection().fail(std::move(why)); }

int32_t PortChannel::refused(Status why) {
  const std::scoped_lock lock(mutex_);
  error_ = std::move(why);
  return error_.code();
}

Status PortChannel::error() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!error_.ok()) return error_;
  }
  return semaphore_.connection().error();
}

}  // namespace hawser::port
