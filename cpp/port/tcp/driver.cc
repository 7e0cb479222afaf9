#include "port/tcp/driver.h"

#include <algorithm>
#include <limits>

namespace hawser::port {

namespace {

constexpr Nanos kForever = std::numeric_limits<Nanos>::max();
// How long the thread looks for more before it sleeps, where that takes nobody's processor.
constexpr Nanos kSpin = 50 * kMicrosecond;
constexpr unsigned kProcessorsToSpin = 4;

thread_local const TcpDriver* this_thread_drives = nullptr;

}  // namespace

TcpDriver::TcpDriver(Engine& engine)
    : engine_(engine),
      rings_(engine.shared(),
             [this](const hawser_event& event) {
               if (const auto client = clients_[event.link]) client->on_event(event);
             }),
      thread_([this] { drive(); }) {}

TcpDriver::~TcpDriver() {
  stopping_.store(true);
  engine_.wake();
  thread_.join();
}

bool TcpDriver::try_post(const hawser_op& op) {
  if (!rings_.post(op)) {
    engine_.wake();  // for a round whose after_events() sees who was turned away
    return false;
  }
  // Sequentially consistent with the engine's sleep: either it sees the operation, or this sees it asleep.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::atomic_ref<uint32_t>(engine_.shared()->sleeping).load(std::memory_order_relaxed) != 0) engine_.wake();
  return true;
}

void TcpDriver::post(const hawser_op& op) {
  while (!rings_.post(op)) engine_.progress(0, 0);
}

void TcpDriver::later(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    ++tasks_posted_;
  }
  engine_.wake();
}

void TcpDriver::run(const std::function<void()>& task) {
  if (this_thread_drives == this) {
    task();
    return;
  }
  std::unique_lock lock(mutex_);
  tasks_.push_back(task);
  const uint64_t mine = ++tasks_posted_;
  engine_.wake();
  // The thread blocks nowhere: this takes a few rounds of the engine.
  served_.wait(lock, [&] { return tasks_served_ >= mine; });
}

void TcpDriver::serve_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::scoped_lock lock(mutex_);
    if (tasks_.empty()) return;
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
  {
    const std::scoped_lock lock(mutex_);
    tasks_served_ += tasks.size();
  }
  served_.notify_all();
}

void TcpDriver::evict(uint64_t memory) {
  run([&] {
    for (const auto& client : clients_) {
      if (client != nullptr) client->evict(memory);
    }
    engine_.progress(0, 0);  // takes the cancellations
  });
}

Status TcpDriver::attach(Link* link, std::shared_ptr<TcpClient> client, uint32_t* id) {
  if (Status status = engine_.attach(link, id); !status.ok()) return status;
  rings_.attached(*id, link->shared());
  if (clients_.size() <= *id) clients_.resize(*id + 1);
  clients_[*id] = std::move(client);
  return {};
}

void TcpDriver::close(Link* link, uint32_t id) {
  clients_[id] = nullptr;
  engine_.progress(0, 0);  // takes what was posted for it: the next link of this number must not find it
  link->close();
  engine_.detach(link);
  engine_.progress(0, 0);
  rings_.after_progress();  // and reads what it said
  rings_.detached(id);
}

Nanos TcpDriver::serve_clients() {
  const Nanos time = now();
  Nanos next = kForever;
  for (size_t i = 0; i < clients_.size(); ++i) {
    if (const auto client = clients_[i]) next = std::min(next, client->after_events(time));
  }
  return next == kForever ? -1 : std::max<Nanos>(next - time, 0);
}

void TcpDriver::drive() {
  this_thread_drives = this;
  const Nanos spin = std::thread::hardware_concurrency() < kProcessorsToSpin ? 0 : kSpin;
  while (!stopping_.load()) {
    serve_tasks();
    const Nanos limit = serve_clients();
    engine_.progress(limit, spin);
    rings_.after_progress();
  }
  serve_tasks();
}

}  // namespace hawser::port
