// The thread that serves a FIFO of triggers, and the service that moves bytes for port channels.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mem/mapping.h"
#include "mem/rings.h"
#include "port/semaphore.h"
#include "stat/notes.h"

namespace hawser::port {

// Subclass it to serve triggers of one's own.
class BaseProxyService {
 public:
  explicit BaseProxyService(Context& context) : context_(context) {}
  virtual ~BaseProxyService();  // a subclass's destructor calls stop() first

  // `capacity` triggers, rounded up to a power of two.
  Status open(uint32_t capacity);
  Status start();
  // [blocks] Serves what is in the FIFO, then ends the thread; HAWSER_TIMEOUT when triggers were left.
  Status stop(Nanos deadline);

  // [any] False: the FIFO is full.
  bool push(const hawser_trigger& trigger, uint64_t* position);
  // [any] Nothing waits and nothing is being served: all that this thread pushed before was served.
  bool idle() const { return fifo_->idle(); }
  void wake();
  hawser_fifo_shared* fifo() { return shared_; }
  uint64_t fifo_bytes() const { return memory_.size(); }
  Context& context() { return context_; }

 protected:
  // [proxy thread] False: it cannot be taken now; it is asked again, and nothing behind it before.
  virtual bool handle(const hawser_trigger& trigger, uint64_t position) = 0;
  // [proxy thread] What goes on besides triggers. Whether there is more to do soon.
  virtual bool progress() { return false; }
  // [the thread that stops] Triggers that were not served in time.
  virtual void drop(const hawser_trigger& trigger) = 0;
  // [the thread that stops] Whatever else waits: dropped too. How much it was.
  virtual size_t drop_rest() { return 0; }
  // [any] From now on progress() is asked often, even when nothing wakes the thread.
  void poll() { polls_ = true; }

 private:
  void run();
  bool serve();
  void note_depth();
  void sleep(Nanos longest);

  Context& context_;
  Mapping memory_;
  hawser_fifo_shared* shared_ = nullptr;
  std::unique_ptr<TriggerRing> fifo_;
  stats::Note<hawser_stat_proxy> note_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandon_{false};
  std::atomic<bool> polls_{false};
  uint64_t runs_ = 0;         // how often it was started
  hawser_port_word ended_{};  // the runs that have ended
  std::mutex life_;
  std::thread thread_;
};

class PortChannel;

// Triggers that reach a proxy by another way than its FIFO.
class TriggerSource {
 public:
  virtual ~TriggerSource() = default;
  // [proxy thread] Serves what is there. Whether something was, or is under way.
  virtual bool serve() = 0;
  // [the thread that stops] What was not served in time. How much it was.
  virtual size_t drop() = 0;
};

class ProxyService : public BaseProxyService {
 public:
  using BaseProxyService::BaseProxyService;
  ~ProxyService() override;

  // [any] Numbers from 0. A semaphore must outlive the service; a memory is shared with it.
  uint32_t add_semaphore(Semaphore* semaphore);
  uint32_t add_memory(std::shared_ptr<Memory> memory);
  // Owned by the service.
  Status port_channel(uint32_t semaphore, uint32_t destination, uint32_t source, PortChannel** out);

  std::shared_ptr<Memory> memory(uint32_t number);  // null: no such
  PortChannel* channel(uint32_t number);            // likewise
  // [any] One a device, served with the FIFO. Made by `make`, which may fail, when it is not there.
  Status source(int device, const std::function<Status(std::unique_ptr<TriggerSource>*)>& make, TriggerSource** out);
  // [proxy thread] As handle(), but for what flushes mean to the FIFO.
  bool take(PortChannel& channel, const hawser_trigger& trigger);
  // Grows with flushes: the FIFO's position behind the last flush that was served.
  hawser_port_word& served() { return served_; }

 protected:
  bool handle(const hawser_trigger& trigger, uint64_t position) override;
  bool progress() override;
  void drop(const hawser_trigger& trigger) override;
  size_t drop_rest() override;

 private:
  std::mutex mutex_;
  std::vector<Semaphore*> semaphores_;
  std::vector<std::shared_ptr<Memory>> memories_;
  std::vector<std::unique_ptr<PortChannel>> channels_;
  std::vector<std::shared_ptr<Connection>> waiting_;  // with works that wait; the proxy's thread alone
  hawser_port_word served_{};
  std::mutex sources_mutex_;
  std::map<int, std::unique_ptr<TriggerSource>> sources_;
};

}  // namespace hawser::port
