#include "port/ofi/connection.h"

#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_rma.h>
#include <sched.h>

#include <algorithm>

namespace hawser::port {

namespace {

constexpr Nanos kDrain = 500 * kMillisecond;

}  // namespace

OfiConnection::OfiConnection(Context& context, uint32_t transport, std::unique_ptr<Control> control, OfiDevice& device,
                             OfiProgress& progress, OfiEnd end, const OfiPeer& peer, const OfiLimits& limits)
    : Connection(context, transport, std::move(control)),
      device_(device),
      progress_(progress),
      end_(std::move(end)),
      peer_(peer),
      operations_(limits.in_flight),
      completions_(limits.read_at_once) {
  free_.reserve(operations_.size());
  for (OfiOperation& operation : operations_) free_.push_back(&operation);
}

OfiConnection::~OfiConnection() { stop(); }

Status OfiConnection::establish(Nanos deadline) {
  if (device_.wants_descriptors()) {
    Status status =
        device_.register_region(operations_.data(), operations_.size() * sizeof(OfiOperation), &operations_region_);
    if (!status.ok()) return status;
  }
  Work ask = Work::fence();
  bool asked = false;
  Status why;
  const std::scoped_lock lock(mutex_);
  while (why.ok()) {
    // A read, whatever fences are later: it has to come back.
    if (!asked) asked = read_fence(ask.value, &why);
    if (why.ok()) read_completions(&why);
    if (why.ok() && asked && in_flight_.load(std::memory_order_relaxed) == 0) break;
    if (why.ok() && now() > deadline) {
      why = Status(HAWSER_TIMEOUT, device_.name() + ": " + peer_name() + "'s NIC did not answer in time");
    }
    sched_yield();
  }
  if (!why.ok()) return std::move(why).of_rank(peer_rank());
  progress_.add(this);
  return {};
}

bool OfiConnection::advance(Work& work) {
  Status why;
  bool done = true;
  {
    const OfiProgress::Use use(progress_);
    const std::scoped_lock lock(mutex_);
    if (stopped_) return true;
    done = hand_over(work, &why);
    if (!done && why.ok() && read_completions(&why) > 0 && why.ok()) done = hand_over(work, &why);
    wants_room_.store(!done, std::memory_order_relaxed);
    // A signal and a fence are mostly the end of a group: what is complete at once need not wake the thread.
    if (done && why.ok() && work.kind != Work::Kind::kPut) read_completions(&why);
  }
  if (!why.ok()) {
    fail(std::move(why));
    return true;
  }
  progress_.wake(pending());
  return done;
}

bool OfiConnection::await(const Awaited& awaited, Nanos, bool) { return progress_.await(awaited); }

bool OfiConnection::hand_over(Work& work, Status* why) {
  if (work.kind == Work::Kind::kPut) return put(work, why);
  // Where writes overtake each other, a write completes when it is in the peer's memory, and who is to come after all
  // of them waits for their completions.
  if (!device_.ordered() && in_flight_.load(std::memory_order_relaxed) != 0) return false;
  return work.kind == Work::Kind::kSignal ? signal(work, why) : fence(work, why);
}

bool OfiConnection::put(Work& work, Status* why) {
  const OfiRemote* to = remote(work, why);
  if (to == nullptr) return true;
  auto* source = static_cast<OfiLocal*>(work.source->registration(transport()));
  if (source == nullptr && device_.wants_descriptors()) {
    *why = Status(HAWSER_INVALID_ARGUMENT, work.source->name() + " is not registered for " + device_.name() +
                                               ", which needs that of a source, too");
    return true;
  }
  std::unique_lock<std::mutex> open;
  if (device_.wants_descriptors()) {
    open = std::unique_lock(source->mutex);
    if (!source->open()) {
      *why = Status(HAWSER_INVALID_ARGUMENT, work.source->name() + " was freed while a put from it was queued");
      return true;
    }
  }
  if (last_destination_.get() != work.destination) last_destination_ = work.destination->shared_from_this();
  if (last_source_.get() != work.source) last_source_ = work.source->shared_from_this();
  const auto* data = static_cast<const unsigned char*>(work.source->address()) + work.source_offset;
  while (work.moved < work.bytes) {
    OfiOperation* operation = take_operation();
    if (operation == nullptr) return false;
    const uint64_t bytes = std::min(work.bytes - work.moved, device_.piece());
    operation->kind = Work::Kind::kPut;
    operation->destination = last_destination_;
    operation->source = last_source_;
    const ssize_t returned =
        write(operation, data + work.moved, bytes, source == nullptr ? nullptr : source->descriptor(), *to,
              work.destination_offset + work.moved);
    if (!taken(operation, returned, why)) return false;
    if (!why->ok()) return true;
    work.moved += bytes;
  }
  return true;
}

// The provider may write the value in parts, the low bytes first or all at once: what a waiter reads meanwhile is never
// above the new value, as values only grow.
bool OfiConnection::signal(const Work& work, Status* why) {
  const OfiRemote* to = remote(work, why);
  if (to == nullptr) return true;
  OfiOperation* operation = take_operation();
  if (operation == nullptr) return false;
  operation->kind = Work::Kind::kSignal;
  operation->destination = work.destination->shared_from_this();
  operation->value = work.value;
  const ssize_t returned = write(operation, &operation->value, sizeof(operation->value), operations_region_.descriptor,
                                 *to, work.destination_offset);
  return taken(operation, returned, why);
}

// A write completes when the provider can do without its source, which tells nothing of the peer's memory; a read that
// comes after it does, and pushes writes that a bus still holds in front of it. Where there is no order, all writes
// have completed when this is called, and they complete in the peer's memory.
bool OfiConnection::fence(const Work& work, Status* why) {
  if (device_.ordered()) return read_fence(work.value, why);
  complete(work.value);
  return true;
}

bool OfiConnection::read_fence(uint64_t mark, Status* why) {
  OfiOperation* operation = take_operation();
  if (operation == nullptr) return false;
  operation->kind = Work::Kind::kFence;
  operation->mark = mark;
  operation->destination = last_destination_;
  operation->source = last_source_;
  const ssize_t returned =
      fi_read(end_.endpoint.get(), &operation->value, sizeof(operation->value), operations_region_.descriptor,
              peer_.address, peer_.fence_base, peer_.fence_key, operation);
  return taken(operation, returned, why);
}

ssize_t OfiConnection::write(OfiOperation* operation, const void* from, uint64_t bytes, void* descriptor,
                             const OfiRemote& to, uint64_t offset) {
  return fi_write(end_.endpoint.get(), from, bytes, descriptor, peer_.address, to.base + offset, to.key, operation);
}

// False: the provider has no room.
bool OfiConnection::taken(OfiOperation* operation, ssize_t returned, Status* why) {
  if (returned == 0) {
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  if (returned != -FI_EAGAIN) {
    *why = Status(HAWSER_LINK_FAILED, device_.name() + " refuses " + name_of(*operation) + ": " +
                                          device_.nic().library().explain(returned));
  }
  give_operation(operation);
  return returned != -FI_EAGAIN;
}

const OfiRemote* OfiConnection::remote(const Work& work, Status* why) const {
  const Memory& memory = *work.destination;
  const auto* to = static_cast<const OfiRemote*>(memory.registration(peer_.transport));
  if (to->provider != device_.provider()) {
    *why = Status(HAWSER_INVALID_ARGUMENT, memory.name() + " is registered with provider '" + to->provider +
                                               "', but this end is " + device_.name());
    return nullptr;
  }
  if (!to->lives()) {
    const std::string from = work.source == nullptr ? "a signal" : "a put from " + work.source->name();
    *why = Status(HAWSER_REFUSED, memory.name() + " was freed there, and " + from + " was on its way to it");
    return nullptr;
  }
  return to;
}

OfiOperation* OfiConnection::take_operation() {
  if (free_.empty()) return nullptr;
  OfiOperation* operation = free_.back();
  free_.pop_back();
  return operation;
}

void OfiConnection::give_operation(OfiOperation* operation) {
  operation->destination = nullptr;
  operation->source = nullptr;
  free_.push_back(operation);
}

size_t OfiConnection::read_completions(Status* why) {
  size_t count = 0;
  for (;;) {
    const ssize_t read = fi_cq_read(end_.completions.get(), completions_.data(), completions_.size());
    if (read == -FI_EAGAIN || read == 0) return count;
    if (read == -FI_EAVAIL) {
      *why = completion_error();
      return count;
    }
    if (read < 0) {
      *why = Status(HAWSER_LINK_FAILED,
                    device_.name() + ": its completions cannot be read: " + device_.nic().library().explain(read));
      return count;
    }
    for (ssize_t i = 0; i < read; ++i) {
      auto* operation = static_cast<OfiOperation*>(completions_[static_cast<size_t>(i)].op_context);
      // Reads complete in any order; each speaks for all that was handed over before it.
      if (operation->kind == Work::Kind::kFence && operation->mark > highest_mark_) {
        highest_mark_ = operation->mark;
        complete(highest_mark_);
      }
      give_operation(operation);
    }
    count += static_cast<size_t>(read);
    in_flight_.fetch_sub(static_cast<size_t>(read), std::memory_order_relaxed);
  }
}

Status OfiConnection::completion_error() {
  fi_cq_err_entry entry{};
  const ssize_t read = fi_cq_readerr(end_.completions.get(), &entry, 0);
  if (read < 0) {
    return {HAWSER_LINK_FAILED, device_.name() + ": an error cannot be read: " + device_.nic().library().explain(read)};
  }
  char buffer[160] = "";
  const char* detail = fi_cq_strerror(end_.completions.get(), entry.prov_errno, entry.err_data, buffer, sizeof(buffer));
  std::string what = "an operation";
  if (entry.op_context != nullptr) {
    auto* operation = static_cast<OfiOperation*>(entry.op_context);
    what = name_of(*operation);
    give_operation(operation);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
  }
  return {HAWSER_LINK_FAILED, device_.name() + ": " + what + " failed at " + peer_name() + ": " +
                                  device_.nic().library().explain(entry.err) +
                                  (detail == nullptr || *detail == '\0' ? "" : std::string(", ") + detail)};
}

std::string OfiConnection::name_of(const OfiOperation& operation) const {
  if (operation.kind == Work::Kind::kSignal) return "a signal to " + operation.destination->name();
  if (operation.destination == nullptr) return "a fence";
  const std::string put = "a put from " + operation.source->name() + " to " + operation.destination->name();
  return operation.kind == Work::Kind::kFence ? "a fence behind " + put + ", which the peer may have freed," : put;
}

bool OfiConnection::poll(std::vector<OfiNews>* news) {
  Status why;
  bool room = false;
  size_t count = 0;
  {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    // Whoever has it reads the queue as well, or asks again.
    if (!lock.owns_lock() || stopped_) return false;
    count = read_completions(&why);
    room =
        wants_room_.load(std::memory_order_relaxed) && (count != 0 || in_flight_.load(std::memory_order_relaxed) == 0);
  }
  if (!why.ok() || room) {
    if (auto self = weak_from_this().lock()) news->push_back({std::move(self), std::move(why)});
  }
  return count != 0;
}

void OfiConnection::stop() {
  progress_.remove(this);
  const std::scoped_lock lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  // What is under way may end first: a peer in this process that still reads from the sources, as over shm, must not
  // find them gone. What does not end in time is cancelled with the endpoint; the operations may go only then.
  const Nanos deadline = now() + kDrain;
  while (in_flight_.load(std::memory_order_relaxed) != 0 && now() < deadline) {
    Status ignored;
    if (read_completions(&ignored) == 0) sched_yield();
  }
  end_.close();
  operations_region_ = OfiRegion();
  in_flight_.store(0, std::memory_order_relaxed);
  wants_room_.store(false, std::memory_order_relaxed);
  last_destination_ = nullptr;
  last_source_ = nullptr;
  for (OfiOperation& operation : operations_) {
    operation.destination = nullptr;
    operation.source = nullptr;
  }
}

}  // namespace hawser::port
