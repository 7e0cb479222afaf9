#include "port/connection.h"

#include <algorithm>

#include "base/text.h"
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

// What is wrong with a work. Told apart from its message: every work is looked at, and hardly any has a flaw.
enum class Flaw { kNone, kNotJoined, kToOwn, kFromPeer, kUnregistered, kOutOfBounds, kNoDestination, kNoSource };

// [under the connection's order, for signals]
Flaw flaw_of(const Work& work, uint32_t transport) {
  if (work.kind == Work::Kind::kSignal) return work.semaphore->joined() ? Flaw::kNone : Flaw::kNotJoined;
  if (work.kind == Work::Kind::kFence) return Flaw::kNone;
  const Memory& destination = *work.destination;
  const Memory& source = *work.source;
  if (destination.local()) return Flaw::kToOwn;
  if (!source.local()) return Flaw::kFromPeer;
  if (destination.registration(transport) == nullptr) return Flaw::kUnregistered;
  if (!holds(destination, work.destination_offset, work.bytes) || !holds(source, work.source_offset, work.bytes)) {
    return Flaw::kOutOfBounds;
  }
  if (!destination.alive()) return Flaw::kNoDestination;
  return source.alive() ? Flaw::kNone : Flaw::kNoSource;
}

std::string text_of(const Connection& on, const Work& work, Flaw flaw) {
  switch (flaw) {
    case Flaw::kNotJoined:
      return "the semaphore is not joined with " + on.peer_name() + "'s yet";
    case Flaw::kToOwn:
      return path(work) + ": the destination must be a peer's, imported here";
    case Flaw::kFromPeer:
      return path(work) + ": the source must be this process's own";
    case Flaw::kUnregistered:
      return path(work) + ": the destination is not registered for " + name_of(on.peer_transport());
    case Flaw::kOutOfBounds:
      return path(work) + " is out of bounds";
    case Flaw::kNoDestination:
      return path(work) + ": the destination was freed";
    case Flaw::kNoSource:
      return path(work) + ": the source was freed";
    case Flaw::kNone:
      break;
  }
  return {};
}

[[gnu::cold, gnu::noinline]] Status refusal(const Connection& on, const Work& work, Flaw flaw) {
  return Status(HAWSER_INVALID_ARGUMENT, text_of(on, work, flaw)).of_rank(on.peer_rank());
}

void add(uint64_t& counter, uint64_t more) {
  // One writer, under the lock; readers take what they find.
  std::atomic_ref<uint64_t>(counter).store(counter + more, std::memory_order_relaxed);
}

}  // namespace

Connection::Connection(Context& context, uint32_t transport, std::unique_ptr<Control> control)
    : context_(context), control_(std::move(control)) {
  shared_.transport = transport;
  add_waiter(&completed_);
}

Connection::~Connection() { control_->unwatch(); }

Status Connection::begin() {
  hawser_stat_port row{};
  row.used = 1;
  row.rank = ranks().own;
  row.peer_rank = ranks().peer;
  row.peer_pid = control_->peer().pid();
  row.transport = transport();
  row.opened_ns = now();
  copy_text(row.peer, peer_name());
  note_ = stats::Note(row);
  stats::tell(HAWSER_STAT_PORT_OPENED, ranks(), name_of(transport()));
  return control_->watch(context_.watches(), this);
}

stats::Ranks Connection::ranks() const { return {context_.origin().rank, peer_rank()}; }

Status Connection::allows(std::span<const Work> works) const {
  for (const Work& work : works) {
    if (work.kind != Work::Kind::kPut) continue;
    if (const Flaw flaw = flaw_of(work, peer_transport()); flaw != Flaw::kNone) return refusal(*this, work, flaw);
  }
  return {};
}

void Connection::number(Work& work, uint64_t* mark) {
  if (work.kind == Work::Kind::kSignal) {
    work.semaphore->next_signal(&work);
  } else if (work.kind == Work::Kind::kFence) {
    work.value = ++marks_;
    if (mark != nullptr) *mark = work.value;
  }
}

Status Connection::take(std::span<Work> works, uint64_t* mark) {
  if (!open()) return error();
  for (const Work& work : works) {
    if (const Flaw flaw = flaw_of(work, peer_transport()); flaw != Flaw::kNone) return refusal(*this, work, flaw);
  }
  const size_t waiting = queued_.load(std::memory_order_relaxed);
  if (waiting + works.size() > kQueue) {
    return Status(HAWSER_TIMEOUT, "too much waits for " + peer_name()).of_rank(peer_rank());
  }
  for (Work& work : works) number(work, mark);
  for (const Work& work : works.subspan(waiting == 0 ? hand_on(works) : 0)) {
    queue_.push_back({work, work.destination == nullptr ? nullptr : work.destination->shared_from_this(),
                      work.source == nullptr ? nullptr : work.source->shared_from_this()});
    queued_.store(queue_.size(), std::memory_order_relaxed);
    note_queue();
  }
  advanced();
  return {};
}

Status Connection::submit(std::span<Work> works, uint64_t* mark) {
  const std::scoped_lock lock(mutex_);
  return take(works, mark);
}

bool Connection::try_submit(std::span<Work> works, uint64_t* mark, Status* status) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || waits()) return false;
  *status = take(works, mark);
  return true;
}

// How many of the works, which were looked at just now, are done with. The next one found no room.
size_t Connection::hand_on(std::span<Work> works) {
  for (size_t done = 0; done < works.size(); ++done) {
    // Nothing follows a work that failed, least of all its signal.
    if (!open()) break;
    if (!advance(works[done])) return done;
    count(works[done]);
  }
  return works.size();
}

// False: it stays the first of the queue.
bool Connection::hand_on_first() {
  Work& work = queue_.front().work;
  // Freed since it was taken.
  if (work.kind == Work::Kind::kPut && !(work.source->alive() && work.destination->alive())) {
    fail(Status(HAWSER_INVALID_ARGUMENT, path(work) + " was still queued when one of them was freed"));
  }
  return hand_on(std::span(&work, 1)) == 1;
}

void Connection::count(const Work& work) {
  if (work.kind == Work::Kind::kSignal) {
    add(shared_.signals, 1);
    if (note_.row() != nullptr) store_relaxed(note_.row()->signals, shared_.signals);
  }
  if (work.kind != Work::Kind::kPut) return;
  add(shared_.puts, 1);
  add(shared_.bytes, work.bytes);
  if (note_.row() == nullptr) return;
  store_relaxed(note_.row()->puts, shared_.puts);
  store_relaxed(note_.row()->bytes, shared_.bytes);
}

void Connection::note_queue() {
  if (note_.row() != nullptr) store_relaxed(note_.row()->queued, queue_.size());
}

bool Connection::pump() {
  Departed departed;
  const std::scoped_lock lock(mutex_);
  while (open() && !queue_.empty() && hand_on_first()) depart(&departed);
  if (!open()) {
    drop(&departed);
    return false;
  }
  advanced();
  return !queue_.empty() && !posts_without_copying();
}

void Connection::depart(Departed* out) {
  out->push_back(std::move(queue_.front()));
  queue_.pop_front();
  queued_.store(queue_.size(), std::memory_order_relaxed);
  note_queue();
}

void Connection::drop(Departed* out) {
  while (!queue_.empty()) depart(out);
  if (!std::exchange(stopped_, true)) stop();
}

Status Connection::await_fence(uint64_t mark, Nanos deadline, Nanos spin) {
  const std::function<bool()> over = [&] { return !open(); };
  if (await_noted({completed_, mark, deadline, over}, spin, true, "flush: the peer's memory to hold what was put"))
    return {};
  if (!open()) return error();
  return Status(HAWSER_TIMEOUT, "what was put into the memories of " + peer_name() + " was not there in time")
      .of_rank(peer_rank());
}

bool Connection::await_signal(hawser_port_word& word, uint64_t expected, Nanos deadline, Nanos spin) {
  const std::function<bool()> over = [&] { return !open(); };
  return await_noted({word, expected, deadline, over}, spin, rings(), "a signal");
}

bool Connection::await_noted(const Awaited& awaited, Nanos spin, bool rung, const char* what) {
  if (awaited.arrived()) return true;
  const Nanos started = now();
  const Nanos patience = std::min(awaited.deadline, started + stats::kPatience);
  if (await({awaited.word, awaited.expected, patience, awaited.over}, spin, rung)) return true;
  if (awaited.over() || patience == awaited.deadline) return false;
  const stats::Note wait(stats::make_wait(ranks(), control_->peer().pid(), started, awaited.deadline, what));
  return await(awaited, std::max<Nanos>(spin - stats::kPatience, 0), rung);
}

bool Connection::await(const Awaited& awaited, Nanos spin, bool rung) {
  return wait_word(awaited.word, awaited.expected, awaited.deadline, spin, rung, awaited.over);
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
    Departed departed;
    const std::scoped_lock lock(mutex_);
    drop(&departed);
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
    if (note_.row() != nullptr) stats::store_state(note_.row()->state, state);
  }
  if (state == HAWSER_PORT_FAILED) {
    stats::tell_error(HAWSER_STAT_PORT_ENDED, ranks(), why);
  } else {
    stats::tell(HAWSER_STAT_PORT_ENDED, ranks(), why);
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
