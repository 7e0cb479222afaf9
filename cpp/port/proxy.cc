#include "port/proxy.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "base/ranges.h"
#include "port/context.h"
#include "port/port_channel.h"

namespace hawser::port {

namespace {

constexpr Nanos kNap = 100 * kMillisecond;
// The thread looks so long for more before it sleeps where it must look by itself: a kernel cannot wake it.
constexpr Nanos kPollingSpin = 5 * kMillisecond;
constexpr Nanos kPollingNap = 50 * kMicrosecond;
constexpr int kLooksPerClock = 64;
constexpr uint32_t kMostTriggers = 1u << 20;

// What a tool calls the work on a trigger.
const char* range_of(uint32_t kind) {
  if ((kind & HAWSER_TRIGGER_CUSTOM) != 0) return "proxy handler";
  if ((kind & HAWSER_TRIGGER_PUT) != 0) return "proxy put";
  return (kind & HAWSER_TRIGGER_SIGNAL) != 0 ? "proxy signal" : "proxy flush";
}

void nap(Nanos time) {
  const timespec wait{0, time};
  nanosleep(&wait, nullptr);
}

}  // namespace

BaseProxyService::~BaseProxyService() = default;

Status BaseProxyService::open(uint32_t capacity) {
  if (capacity > kMostTriggers) {
    return {HAWSER_INVALID_ARGUMENT, "a FIFO holds at most " + std::to_string(kMostTriggers) + " triggers"};
  }
  // With one slot a producer could not tell a full ring from an empty one.
  const uint32_t slots = std::bit_ceil(std::max(capacity == 0 ? HAWSER_PORT_FIFO : capacity, 2u));
  Status status = memory_.allocate(sizeof(hawser_fifo_shared) + slots * sizeof(hawser_trigger));
  if (!status.ok()) return status;
  shared_ = reinterpret_cast<hawser_fifo_shared*>(memory_.data());
  shared_->capacity = slots;
  shared_->triggers_offset = sizeof(hawser_fifo_shared);
  auto* triggers = reinterpret_cast<hawser_trigger*>(memory_.data() + sizeof(hawser_fifo_shared));
  fifo_ = std::make_unique<TriggerRing>(triggers, slots, &shared_->tail, &shared_->head);
  fifo_->initialise();
  hawser_stat_proxy row{};
  row.used = 1;
  row.rank = context_.origin().rank;
  row.capacity = slots;
  note_ = stats::Note(row);
  return {};
}

Status BaseProxyService::start() {
  const std::scoped_lock lock(life_);
  if (thread_.joinable()) return {HAWSER_INVALID_ARGUMENT, "the proxy runs already"};
  stopping_ = false;
  abandon_ = false;
  ++runs_;
  thread_ = std::thread([this] { run(); });
  return {};
}

Status BaseProxyService::stop(Nanos deadline) {
  const std::scoped_lock lock(life_);
  if (!thread_.joinable()) return {};
  stopping_ = true;
  wake();
  if (!wait_word(ended_, runs_, deadline, 0, true, [] { return false; })) {
    abandon_ = true;
    wake();
  }
  thread_.join();
  size_t left = 0;
  for (hawser_trigger trigger; fifo_->try_take(&trigger); ++left) drop(trigger);
  left += drop_rest();
  if (left == 0) return {};
  return {HAWSER_TIMEOUT, "the proxy stopped before it could serve " + std::to_string(left) + " triggers"};
}

bool BaseProxyService::push(const hawser_trigger& trigger, uint64_t* position) {
  if (!fifo_->try_post(trigger, position)) return false;
  // Full fence: either the thread sees the trigger before it sleeps, or this sees that it sleeps.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::atomic_ref<uint32_t>(shared_->sleeping).load(std::memory_order_relaxed) != 0) wake();
  return true;
}

void BaseProxyService::wake() {
  std::atomic_ref<uint32_t>(shared_->sleeping).store(0, std::memory_order_release);
  syscall(SYS_futex, &shared_->sleeping, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

// Serves what is in the FIFO; true when something was.
bool BaseProxyService::serve() {
  bool served = false;
  hawser_trigger trigger;
  uint64_t position = 0;
  while (!abandon_.load(std::memory_order_relaxed) && fifo_->try_peek(&trigger, &position)) {
    const ranges::Range range(range_of(trigger.kind), trigger.bytes);
    if (!handle(trigger, position)) {
      note_depth();
      return served;
    }
    fifo_->pop();
    served = true;
  }
  if (served) note_depth();
  return served;
}

void BaseProxyService::note_depth() {
  if (note_.row() == nullptr) return;
  const uint64_t head = load_relaxed(shared_->head.value);
  store_relaxed(note_.row()->served, head);
  store_relaxed(note_.row()->depth, load_relaxed(shared_->tail.value) - head);
}

void BaseProxyService::sleep(Nanos longest) {
  std::atomic_ref<uint32_t> sleeping(shared_->sleeping);
  sleeping.store(1, std::memory_order_relaxed);
  // As in push().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (fifo_->empty() && !stopping_) {
    const timespec timeout{0, longest};
    syscall(SYS_futex, &shared_->sleeping, FUTEX_WAIT_PRIVATE, 1, &timeout, nullptr, 0);
  }
  sleeping.store(0, std::memory_order_relaxed);
}

void BaseProxyService::run() {
  Nanos idle_since = now();
  while (!abandon_) {
    // Before the looks: they see what was pushed before the thread was told to stop.
    const bool stopping = stopping_;
    bool busy = serve();
    busy |= progress();
    if (busy) {
      idle_since = now();
    } else if (stopping && fifo_->empty()) {
      break;
    } else if (polls_ && now() - idle_since < kPollingSpin) {
      relax();
    } else if (now() - idle_since < kUsualSpin) {
      for (int look = 0; look < kLooksPerClock && fifo_->empty(); ++look) relax();
    } else if (fifo_->empty()) {
      sleep(polls_ ? kPollingNap : kNap);
    } else {
      // What is in front cannot be taken yet, and nobody rings when it can.
      nap(kUsualSpin);
    }
  }
  store_word(ended_, runs_);
}

ProxyService::~ProxyService() { (void)stop(now() + kSecond); }

uint32_t ProxyService::add_semaphore(Semaphore* semaphore) {
  const std::scoped_lock lock(mutex_);
  semaphores_.push_back(semaphore);
  return static_cast<uint32_t>(semaphores_.size() - 1);
}

uint32_t ProxyService::add_memory(std::shared_ptr<Memory> memory) {
  const std::scoped_lock lock(mutex_);
  memories_.push_back(std::move(memory));
  return static_cast<uint32_t>(memories_.size() - 1);
}

std::shared_ptr<Memory> ProxyService::memory(uint32_t number) {
  const std::scoped_lock lock(mutex_);
  return number < memories_.size() ? memories_[number] : nullptr;
}

Status ProxyService::port_channel(uint32_t semaphore, uint32_t destination, uint32_t source, PortChannel** out) {
  const std::scoped_lock lock(mutex_);
  const auto none = [](const char* what, uint32_t number) {
    return Status(HAWSER_INVALID_ARGUMENT,
                  "the proxy has no " + std::string(what) + " " + std::to_string(number) + ": add it first");
  };
  if (semaphore >= semaphores_.size()) return none("semaphore", semaphore);
  if (destination >= memories_.size()) return none("memory", destination);
  if (source >= memories_.size()) return none("memory", source);
  const auto number = static_cast<uint32_t>(channels_.size());
  channels_.push_back(std::make_unique<PortChannel>(*this, number, *semaphores_[semaphore], destination, source,
                                                    memories_[destination], memories_[source]));
  *out = channels_.back().get();
  return {};
}

PortChannel* ProxyService::channel(uint32_t number) {
  const std::scoped_lock lock(mutex_);
  return number < channels_.size() ? channels_[number].get() : nullptr;
}

bool ProxyService::handle(const hawser_trigger& trigger, uint64_t position) {
  PortChannel* channel = this->channel(trigger.channel);
  if (channel == nullptr) return true;  // from nobody that could be told
  if (!take(*channel, trigger)) return false;
  if ((trigger.kind & HAWSER_TRIGGER_FLUSH) != 0) store_word(served_, position + 1);
  return true;
}

bool ProxyService::take(PortChannel& channel, const hawser_trigger& trigger) {
  if (!channel.serve(trigger)) return false;
  auto connection = channel.semaphore().connection().shared_from_this();
  if (connection->waits() && std::find(waiting_.begin(), waiting_.end(), connection) == waiting_.end()) {
    waiting_.push_back(std::move(connection));
  }
  return true;
}

Status ProxyService::source(int device, const std::function<Status(std::unique_ptr<TriggerSource>*)>& make,
                            TriggerSource** out) {
  {
    const std::scoped_lock lock(sources_mutex_);
    std::unique_ptr<TriggerSource>& source = sources_[device];
    if (source == nullptr) {
      if (Status status = make(&source); !status.ok()) return status;
    }
    *out = source.get();
  }
  poll();
  wake();
  return {};
}

// A slice for each in turn: a long copy of one connection holds nobody else up for longer.
bool ProxyService::progress() {
  bool busy = false;
  std::erase_if(waiting_, [&](const auto& connection) {
    busy |= connection->pump();
    return !connection->waits();
  });
  const std::scoped_lock lock(sources_mutex_);
  for (const auto& [device, source] : sources_) busy |= source != nullptr && source->serve();
  return busy;
}

void ProxyService::drop(const hawser_trigger& trigger) {
  if (PortChannel* channel = this->channel(trigger.channel)) channel->abandon();
}

size_t ProxyService::drop_rest() {
  const std::scoped_lock lock(sources_mutex_);
  size_t dropped = 0;
  for (const auto& [device, source] : sources_) dropped += source == nullptr ? 0 : source->drop();
  return dropped;
}

}  // namespace hawser::port
