#include "port/connection.h"

#include <algorithm>

#include "port/context.h"
#include "port/semaphore.h"

namespace hawser::port {

namespace {

constexpr size_t kQueue = 1024;  // works that wait for the transport

bool holds(const Memory& memory, uint64_t offset, uint64_t bytes) {
  return offset <= memory.bytes() && bytes <= memory.bytes() - offset;
}

std::string place(const Memory& memory, uint64_t offset) { return memory.name() + " at " + std::to_string(offset); }

std::string path(const Work& work) {
  return "a put of " + std::to_string(work.bytes) + " bytes from " + place(*work.source, work.source_offset) + " to " +
         place(*work.destination, work.destination_offset);
}

void add(uint64_t& counter, uint64_t more) {
  // One writer, under the lock; readers take what they find.
  std::atomic_ref<uint64_t>(counter).store(counter + more, std::memory_order_relaxed);
}

}  // namespace

Work Work::put(Memory* destination, uint64_t destination_offset, Memory* source, uint64_t source_offset,
               uint64_t bytes) {
  Work work;
  work.destination = destination;
  work.destination_offset = destination_offset;
  work.source = source;
  work.source_offset = source_offset;
  work.bytes = bytes;
  return work;
}

Work Work::signal(Semaphore* semaphore) {
  Work work;
  work.kind = Kind::kSignal;
  work.semaphore = semaphore;
  return work;
}

Work Work::fence() {
  Work work;
  work.kind = Kind::kFence;
  return work;
}

Connection::Connection(Context& context, uint32_t transport, std::unique_ptr<Control> control)
    : context_(context), control_(std::move(control)) {
  shared_.transport = transport;
  add_waiter(&completed_);
}

Connection::~Connection() { control_->unwatch(); }

Status Connection::begin() { return control_->watch(context_.watches(), this); }

Status Connection::check(const Work& work) const {
  if (work.kind == Work::Kind::kSignal) {
    if (work.semaphore->joined()) return {};
    return {HAWSER_INVALID_ARGUMENT, "the semaphore is not joined with " + peer_name() + "'s yet"};
  }
  if (work.kind == Work::Kind::kFence) return {};
  const Memory& destination = *work.destination;
  const Memory& source = *work.source;
  if (destination.local()) {
    return {HAWSER_INVALID_ARGUMENT, path(work) + ": the destination must be a peer's, imported here"};
  }
  if (!source.local()) return {HAWSER_INVALID_ARGUMENT, path(work) + ": the source must be this process's own"};
  if (destination.registration(peer_transport()) == nullptr) {
    return {HAWSER_INVALID_ARGUMENT,
            path(work) + ": the destination is not registered for " + name_of(peer_transport())};
  }
  if (!holds(destination, work.destination_offset, work.bytes) || !holds(source, work.source_offset, work.bytes)) {
    return {HAWSER_INVALID_ARGUMENT, path(work) + " is out of bounds"};
  }
  if (!source.alive() || !destination.alive()) {
    return {HAWSER_INVALID_ARGUMENT,
            path(work) + ": the " + (source.alive() ? "destination" : "source") + " was freed"};
  }
  return {};
}

Status Connection::allows(const Work& put, uint32_t trigger_kind) const {
  if ((trigger_kind & HAWSER_TRIGGER_PUT) == 0) return {};
  Status status = check(put);
  return std::move(status).of_rank(peer_rank());
}

void Connection::number(Work& work, uint64_t* mark) {
  if (work.kind == Work::Kind::kSignal) {
    work.semaphore->next_signal(&work);
  } else if (work.kind == Work::Kind::kFence) {
    work.value = ++marks_;
    if (mark != nullptr) *mark = work.value;
  }
}

Status Connection::take(std::span<const Work> works, uint64_t* mark) {
  if (!open()) return error();
  for (const Work& work : works) {
    if (Status status = check(work); !status.ok()) return std::move(status).of_rank(peer_rank());
  }
  if (queue_.size() + works.size() > kQueue) {
    return Status(HAWSER_TIMEOUT, "too much waits for " + peer_name()).of_rank(peer_rank());
  }
  for (Work work : works) {
    number(work, mark);
    if (queue_.empty() && hand_on(work)) continue;
    queue_.push_back({work, work.destination == nullptr ? nullptr : work.destination->shared_from_this(),
                      work.source == nullptr ? nullptr : work.source->shared_from_this()});
    queued_.store(queue_.size(), std::memory_order_relaxed);
  }
  advanced();
  return {};
}

Status Connection::submit(std::span<const Work> works, uint64_t* mark) {
  const std::scoped_lock lock(mutex_);
  return take(works, mark);
}

bool Connection::try_submit(std::span<const Work> works, uint64_t* mark, Status* status) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || !queue_.empty()) return false;
  *status = take(works, mark);
  return true;
}

bool Connection::hand_on(Work& work) {
  // Nothing follows a work that failed, least of all its signal.
  if (!open()) return true;
  // Freed since it was taken.
  if (work.kind == Work::Kind::kPut && !(work.source->alive() && work.destination->alive())) {
    fail(Status(HAWSER_INVALID_ARGUMENT, path(work) + " was still queued when one of them was freed"));
    return true;
  }
  if (!advance(work)) return false;
  count(work);
  return true;
}

void Connection::count(const Work& work) {
  if (work.kind == Work::Kind::kSignal) add(shared_.signals, 1);
  if (work.kind != Work::Kind::kPut) return;
  add(shared_.puts, 1);
  add(shared_.bytes, work.bytes);
}

bool Connection::pump() {
  const std::scoped_lock lock(mutex_);
  while (open() && !queue_.empty() && hand_on(queue_.front().work)) {
    queue_.pop_front();
    queued_.store(queue_.size(), std::memory_order_relaxed);
  }
  if (!open()) {
    drop();
    return false;
  }
  advanced();
  return !queue_.empty() && !posts_without_copying();
}

void Connection::drop() {
  queue_.clear();
  queued_.store(0, std::memory_order_relaxed);
  if (!std::exchange(stopped_, true)) stop();
}

Status Connection::await_fence(uint64_t mark, Nanos deadline, Nanos spin) {
  if (wait_word(completed_, mark, deadline, spin, true, [&] { return !open(); })) return {};
  if (!open()) return error();
  return Status(HAWSER_TIMEOUT, "what was put into the memories of " + peer_name() + " was not there in time")
      .of_rank(peer_rank());
}

Status Connection::make_device_word(std::shared_ptr<void>*, std::shared_ptr<Memory>*) {
  return {HAWSER_UNSUPPORTED, name_of(transport()) +
                                  " signals into the host's memory alone: make a semaphore there, "
                                  "which kernels can wait on too"};
}

void Connection::fail(Status why) { end(HAWSER_PORT_FAILED, std::move(why).of_rank(peer_rank()), true); }

void Connection::close() {
  end(HAWSER_PORT_CLOSED, Status(HAWSER_CLOSED, "the connection to " + peer_name() + " was closed here"), true);
  control_->unwatch();
  {
    const std::scoped_lock lock(mutex_);
    drop();
  }
  settle();
}

void Connection::end(uint32_t state, Status why, bool tell) {
  {
    const std::scoped_lock lock(end_mutex_);
    if (!open()) return;
    error_ = why;
    // Release: who sees the state reads the error.
    std::atomic_ref<uint32_t>(shared_.state).store(state, std::memory_order_release);
    for (hawser_port_word* word : waiters_) ring_word(*word);
  }
  if (tell) {
    const Origin& me = context_.origin();
    control_->say_goodbye(state == HAWSER_PORT_CLOSED ? Status(HAWSER_CLOSED, me.name() + " closed the connection")
                                                      : Status(why.code(), me.name() + " says: " + why.text()));
  }
  // The lock may be held by whoever calls: what is queued is dropped by the context's thread.
  if (auto self = weak_from_this().lock()) context_.pump(std::move(self));
}

Status Connection::error() const {
  const std::scoped_lock lock(end_mutex_);
  return error_;
}

void Connection::add_waiter(hawser_port_word* word) {
  const std::scoped_lock lock(end_mutex_);
  waiters_.push_back(word);
}

void Connection::remove_waiter(hawser_port_word* word) {
  const std::scoped_lock lock(end_mutex_);
  std::erase(waiters_, word);
}

}  // namespace hawser::port
