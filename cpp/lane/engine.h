// Everything that one driver drives: the rings, the poller and the links attached to it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "lane/link.h"
#include "mem/rings.h"
#include "net/link_monitor.h"
#include "net/transports.h"
#include "trust/identity.h"

namespace hawser {

class Engine : public EventSink {
 public:
  Engine() = default;
  ~Engine() override;

  Status open(const hawser_config& config);

  // [driver] See hawser_engine_progress.
  int progress(Nanos timeout, Nanos spin);
  // [any]
  void wake();

  // [driver] The link stays the caller's; it must be detached before it goes.
  Status attach(Link* link, uint32_t* id);
  void detach(Link* link);

  void post(const hawser_event& event) override;

  hawser_engine_shared* shared() { return shared_; }
  size_t shared_bytes() const { return memory_.size(); }

  // For set-up, by any thread: what links are made of.
  Transport& transport() { return *transport_; }
  const std::vector<int>& lanes() const { return lanes_; }
  const LinkOptions& link_options() const { return link_options_; }
  wire::Hello hello() const { return hello_; }
  // Null: in the clear.
  Identity* identity() const { return identity_.get(); }
  Clear clear() const { return clear_; }

 private:
  Status map_rings(uint32_t op_capacity, uint32_t event_capacity);
  void take_ops();
  int drive(Nanos timeout, Nanos spin);
  bool round();
  void tend();
  bool wants_driver() const;
  int events_waiting();
  void flush_events();
  Nanos sleep_limit(Nanos time, Nanos deadline);
  bool sleep(Nanos time, Nanos deadline);
  void spin_once();
  void poll();
  bool expect_polled();
  void settle_when_quiet(Nanos time);

  Mapping memory_;
  hawser_engine_shared* shared_ = nullptr;
  std::unique_ptr<OpRing> ops_;
  std::unique_ptr<SpscRing<hawser_event>> events_;
  std::deque<hawser_event> overflow_;  // events that the ring had no room for
  Poller poller_;
  std::unique_ptr<LinkMonitor> monitor_;
  std::shared_ptr<Identity> identity_;
  Clear clear_ = Clear::kThisMachine;
  std::unique_ptr<Transport> transport_;
  std::vector<int> lanes_;
  LinkOptions link_options_;
  wire::Hello hello_{};
  std::vector<Link*> links_;     // by id; null where one was detached
  std::vector<Link*> stirring_;  // of this round
  std::atomic<bool> woken_{false};
  uint32_t spins_ = 0;
  uint32_t busy_rounds_ = 0;
  Nanos moved_at_ = 0;
  bool settled_ = true;  // what is owed to peers was told since anything last moved
};

}  // namespace hawser
