#include "lane/engine.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "stat/file.h"

namespace hawser {

namespace {

constexpr uint32_t kOpCapacity = 4096;
constexpr uint32_t kEventCapacity = 8192;
constexpr uint32_t kLargestRing = 1u << 20;
// While spinning, the lane that spoke last is read directly; the others are asked for through the poller this seldom.
constexpr uint32_t kSpinsPerPoll = 8;
constexpr uint32_t kRoundsPerPoll = 8;
// A driver that never sleeps tells peers what it owes them when nothing has moved for so long.
constexpr Nanos kQuiet = 100 * kMicrosecond;
// Lanes without a descriptor are looked at again and again while something has moved of late, and then this often: the
// longer nothing has moved, the more seldom.
constexpr Nanos kAttention = 200 * kMicrosecond;
constexpr Nanos kShortestNap = 50 * kMicrosecond;
constexpr Nanos kLongestNap = kMillisecond;
constexpr Nanos kNapsPerQuiet = 8;

uint32_t or_default(uint32_t value, uint32_t fallback) { return value == 0 ? fallback : value; }

size_t aligned(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

}  // namespace

Engine::~Engine() = default;

Status Engine::open(const hawser_config& config) {
  if (config.struct_size != sizeof(hawser_config)) {
    return {HAWSER_VERSION_MISMATCH, "the caller was built against another hawser.h: its hawser_config has " +
                                         std::to_string(config.struct_size) + " bytes, this library's " +
                                         std::to_string(sizeof(hawser_config))};
  }
  TransportOptions options;
  options.sockets_per_lane = or_default(config.sockets_per_lane, 1);
  options.zerocopy = config.zerocopy;
  if (config.identity != nullptr) identity_ = options.identity = config.identity->identity;
  clear_ = options.clear = config.insecure != 0 ? Clear::kAnywhere : Clear::kThisMachine;
  NetChoice net;
  if (Status status = make_transport(bounded_text(config.net), bounded_text(config.lanes), options, &net);
      !status.ok()) {
    return status;
  }
  transport_ = std::move(net.transport);
  lanes_ = std::move(net.lanes);

  ChunkLimits& chunks = link_options_.chunks;
  chunks.most = std::max(chunks.least, transport_->longest_chunk());
  if (config.chunk_bytes != 0) chunks.least = chunks.most = config.chunk_bytes;
  link_options_.eager_bytes = or_default(config.eager_bytes, link_options_.eager_bytes);
  link_options_.fail_fast = config.lane_loss == HAWSER_FAIL_FAST;
  // What is encrypted is authenticated, too.
  link_options_.checksum = config.checksum == HAWSER_ON || (config.checksum == HAWSER_AUTO && identity_ == nullptr);
  link_options_.rank = config.rank;
  link_options_.encrypted = identity_ != nullptr;
  if (config.silence_ns > 0) link_options_.silence = config.silence_ns;
  if (config.link_timeout_ns > 0) link_options_.link_timeout = config.link_timeout_ns;
  if (chunks.least < wire::kLeastChunk || chunks.most > 1u << 30) {
    return {HAWSER_INVALID_ARGUMENT,
            "a chunk must have 4 KiB to 1 GiB, not " + std::to_string(chunks.least) + " bytes"};
  }
  if (link_options_.eager_bytes > wire::kCredit) {
    return {HAWSER_INVALID_ARGUMENT, "messages above 4 MiB cannot be sent without asking the receiver"};
  }

  hello_.magic = wire::kHelloMagic;
  hello_.version = wire::kVersion;
  hello_.rank = config.rank;
  hello_.pid = getpid();
  hello_.checksum = link_options_.checksum ? 1 : 0;
  gethostname(hello_.host, sizeof(hello_.host) - 1);

  if (Status status =
          map_rings(or_default(config.op_capacity, kOpCapacity), or_default(config.event_capacity, kEventCapacity));
      !status.ok()) {
    return status;
  }
  if (Status status = poller_.open(); !status.ok()) return status;
  if (stats::File* file = stats::File::open(); file != nullptr && config.rank >= 0) file->set_rank(config.rank);
  monitor_ = std::make_unique<LinkMonitor>([this](int, const std::string& name, bool up) {
    for (Link* link : links_) {
      if (link != nullptr) link->on_device(name, up);
    }
  });
  return monitor_->arm(poller_);
}

Status Engine::map_rings(uint32_t op_capacity, uint32_t event_capacity) {
  // With a single slot, a full operation ring cannot be told from an empty one.
  const auto fits = [](uint32_t slots) { return std::has_single_bit(slots) && slots >= 2 && slots <= kLargestRing; };
  if (!fits(op_capacity) || !fits(event_capacity)) {
    return {HAWSER_INVALID_ARGUMENT, "ring capacities must be powers of two from 2 to " + std::to_string(kLargestRing)};
  }
  const size_t ops_at = aligned(sizeof(hawser_engine_shared));
  const size_t events_at = aligned(ops_at + op_capacity * sizeof(hawser_op));
  if (Status status = memory_.allocate(events_at + event_capacity * sizeof(hawser_event)); !status.ok()) return status;
  shared_ = reinterpret_cast<hawser_engine_shared*>(memory_.data());
  shared_->abi_version = HAWSER_ABI_VERSION;
  shared_->op_capacity = op_capacity;
  shared_->event_capacity = event_capacity;
  shared_->ops_offset = ops_at;
  shared_->events_offset = events_at;
  ops_ = std::make_unique<OpRing>(reinterpret_cast<hawser_op*>(memory_.data() + ops_at), op_capacity, &shared_->op_tail,
                                  &shared_->op_head);
  ops_->initialise();
  events_ =
      std::make_unique<SpscRing<hawser_event>>(reinterpret_cast<hawser_event*>(memory_.data() + events_at),
                                               event_capacity, &shared_->event_tail.value, &shared_->event_head.value);
  return {};
}

Status Engine::attach(Link* link, uint32_t* id) {
  const auto free = std::find(links_.begin(), links_.end(), nullptr);
  *id = static_cast<uint32_t>(free - links_.begin());
  if (Status status = link->attach(*id, poller_); !status.ok()) return status;
  if (free == links_.end()) {
    links_.push_back(link);
  } else {
    *free = link;
  }
  return {};
}

void Engine::detach(Link* link) { std::replace(links_.begin(), links_.end(), link, static_cast<Link*>(nullptr)); }

void Engine::post(const hawser_event& event) {
  // In order: nothing may pass what the ring had no room for.
  if (!overflow_.empty() || !events_->try_post(event)) overflow_.push_back(event);
}

void Engine::flush_events() {
  while (!overflow_.empty() && events_->try_post(overflow_.front())) overflow_.pop_front();
}

int Engine::events_waiting() {
  return static_cast<int>(std::min<uint64_t>(events_->size(), std::numeric_limits<int>::max()));
}

void Engine::wake() {
  // Sequentially consistent with sleep(): either it sees woken_ before it sleeps, or this sees `sleeping`.
  woken_.store(true);
  if (std::atomic_ref<uint32_t>(shared_->sleeping).load() != 0) poller_.wake();
}

void Engine::take_ops() {
  hawser_op op{};
  // Popped after it was posted: who finds the ring empty finds its sends among the unacknowledged.
  for (; ops_->try_peek(&op); ops_->pop()) {
    settled_ = false;  // a receive gives credit
    Link* link = op.link < links_.size() ? links_[op.link] : nullptr;
    if (link != nullptr) {
      link->post(op);
    } else if (op.kind != HAWSER_OP_CANCEL) {
      const auto kind = op.kind == HAWSER_OP_SEND ? HAWSER_EVENT_SEND_DONE : HAWSER_EVENT_RECEIVE_DONE;
      post(make_done(kind, op.link, op.id, HAWSER_CLOSED, 0));
    }
  }
}

bool Engine::wants_driver() const {
  return std::any_of(links_.begin(), links_.end(), [](Link* link) { return link != nullptr && link->wants_driver(); });
}

void Engine::tend() {
  monitor_->poll();
  const Nanos time = now();
  for (Link* link : links_) {
    if (link != nullptr && link->is_due(time)) link->tend(time);
  }
}

bool Engine::round() {
  bool moved = false;
  take_ops();
  stirring_.clear();
  for (Link* link : links_) {
    if (link != nullptr && link->stirs()) stirring_.push_back(link);
  }
  for (Link* link : stirring_) link->transmit(&moved);
  for (Link* link : stirring_) {
    bool read = false;
    link->receive(&read);
    if (read) link->transmit(&read);
    moved |= read;
    link->update_unacknowledged();
  }
  return moved;
}

void Engine::spin_once() {
  for (Link* link : links_) {
    if (link != nullptr) link->expect_input();
  }
  if (++spins_ % kSpinsPerPoll == 0) poll();
}

void Engine::poll() {
  poller_.wait(0);
  expect_polled();
  tend();
}

bool Engine::expect_polled() {
  bool any = false;
  for (Link* link : links_) any |= link != nullptr && link->expect_polled();
  return any;
}

void Engine::settle_when_quiet(Nanos time) {
  if (settled_ || time - moved_at_ < kQuiet) return;
  settled_ = true;
  for (Link* link : links_) {
    if (link != nullptr) link->prepare_sleep(time);
  }
}

Nanos Engine::sleep_limit(Nanos time, Nanos deadline) {
  Nanos until = deadline;
  for (Link* link : links_) {
    if (link == nullptr) continue;
    link->prepare_sleep(time);
    until = std::min(until, link->next_tending());
  }
  if (expect_polled()) {
    const Nanos quiet = time - moved_at_;
    const Nanos nap = quiet < kAttention ? 0 : std::clamp(quiet / kNapsPerQuiet, kShortestNap, kLongestNap);
    until = std::min(until, time + nap);
  }
  return until == std::numeric_limits<Nanos>::max() ? -1 : std::max<Nanos>(until - time, 0);
}

bool Engine::sleep(Nanos time, Nanos deadline) {
  const Nanos limit = sleep_limit(time, deadline);
  std::atomic_ref<uint32_t> sleeping(shared_->sleeping);
  // Sequentially consistent: whoever posts an operation or wakes after this store sees it and calls wake(); what came
  // before it is seen here.
  sleeping.store(1);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!ops_->empty() || woken_.load()) {
    poller_.wait(0);
  } else {
    poller_.wait(limit);
  }
  sleeping.store(0);
  tend();
  return woken_.exchange(false);
}

int Engine::progress(Nanos timeout, Nanos spin) {
  const int events = drive(timeout, spin);
  for (Link* link : stirring_) link->publish(moved_at_);
  return events;
}

int Engine::drive(Nanos timeout, Nanos spin) {
  flush_events();
  for (Link* link : links_) {
    if (link != nullptr) link->driver_has_chosen();
  }
  const Nanos started = now();
  const Nanos forever = std::numeric_limits<Nanos>::max();
  const Nanos deadline = timeout < 0 || timeout > forever - started ? forever : started + timeout;
  Nanos idle_since = started;
  for (bool woken = false, polled = false;;) {
    const bool moved = round();
    // What moved may well move on: the poller is asked when nothing does, or when others would wait too long. Before
    // the returns below: a driver that finds events every time must not miss what else happens.
    if (moved && ++busy_rounds_ % kRoundsPerPoll == 0) poll();
    const Nanos time = now();
    if (moved) moved_at_ = time;
    settled_ = settled_ && !moved;
    if (const int events = events_waiting(); events > 0) return events;
    if (wants_driver()) return 1;
    settle_when_quiet(time);
    if (woken) return 0;
    if (moved) {
      idle_since = time;
      if (timeout == 0) return 0;
    } else if (timeout == 0) {
      if (polled) return 0;
      poll();
      polled = true;
    } else if (time >= deadline) {
      return 0;
    } else if (time - idle_since < spin) {
      if (woken_.load(std::memory_order_relaxed)) woken = woken_.exchange(false);
      spin_once();
    } else {
      woken = sleep(time, deadline);
    }
  }
}

}  // namespace hawser
