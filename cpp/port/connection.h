// An ordered way into a peer's memories: works queue here and are handed to the transport one after the other. Shared
// by everything that puts through it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "port/control.h"
#include "port/lead.h"
#include "port/memory.h"
#include "port/word.h"
#include "stat/notes.h"

namespace hawser::port {

class Semaphore;

struct Work {
  enum class Kind : uint32_t { kPut, kSignal, kFence };
  // Without initialisers, so that room for several costs nothing: put(), signal() and fence() make one.
  Kind kind;
  Memory* destination;  // kSignal: the board that the peer's word lies on, filled in by submit
  uint64_t destination_offset;
  Memory* source;  // kPut
  uint64_t source_offset;
  uint64_t bytes;        // kPut
  Semaphore* semaphore;  // kSignal
  uint64_t value;        // filled in by submit. kSignal: what to store; kFence: the mark
  uint64_t moved;        // kPut: bytes that the transport has handed on, its own note

  static Work put(Memory* destination, uint64_t destination_offset, Memory* source, uint64_t source_offset,
                  uint64_t bytes) {
    return {Kind::kPut, destination, destination_offset, source, source_offset, bytes, nullptr, 0, 0};
  }
  static Work signal(Semaphore* semaphore) { return {Kind::kSignal, nullptr, 0, nullptr, 0, 0, semaphore, 0, 0}; }
  static Work fence() { return {Kind::kFence, nullptr, 0, nullptr, 0, 0, nullptr, 0, 0}; }
};

class Connection : public std::enable_shared_from_this<Connection>, private ControlListener {
 public:
  ~Connection() override;

  // Once it is owned, before anyone else knows it: watches the control connection, whose end is its own.
  Status begin();

  // [any] Hands the works on, or queues them behind those that wait; then somebody must pump(). HAWSER_TIMEOUT: the
  // queue is full and nothing was taken; else why a work cannot be done, or the error that the connection failed with.
  // `mark`, when not null, receives the last fence's.
  Status submit(std::span<Work> works, uint64_t* mark = nullptr);
  Status submit(std::vector<Work> works, uint64_t* mark = nullptr) { return submit(std::span(works), mark); }
  // [any] As submit, when nothing waits and nobody else is at it; false: nothing was done, take the long way.
  bool try_submit(std::span<Work> works, uint64_t* mark, Status* status);
  // [any] Why a put among the works cannot be done, as far as can be told before it is handed on.
  Status allows(std::span<const Work> works) const;
  // [any] Hands on what waits, at most a slice of a long copy. Returns whether to pump again at once: a slice is left.
  // A transport that has no room pumps by itself when it has.
  bool pump();
  bool waits() const { return queued_.load(std::memory_order_relaxed) != 0; }
  // [blocks] Until all before the fence is in the peer's memory; HAWSER_TIMEOUT, or the connection's error.
  Status await_fence(uint64_t mark, Nanos deadline, Nanos spin);
  // [blocks, one thread at a time] Until the peer's signals brought `word`, which is one of this connection's waiters,
  // to `expected` (true), the deadline has come or the connection has ended.
  bool await_signal(hawser_port_word& word, uint64_t expected, Nanos deadline, Nanos spin);
  bool passed(uint64_t mark) const { return load_word(completed_) >= mark; }

  // Whether the transport takes a put of any size without copying it in the caller's time.
  virtual bool posts_without_copying() const { return false; }
  // Whether who stores a signal here wakes those who sleep; a device that writes memory on its own does not.
  virtual bool rings() const { return true; }
  // A word in a device's memory for the peer to signal into and a kernel to wait on, as a memory that the peer imports;
  // `storage` outlives it.
  virtual Status make_device_word(std::shared_ptr<void>* storage, std::shared_ptr<Memory>* memory);

  // [any] Ends it for both sides, if it lives: wakes all waiters, tells the peer.
  void fail(Status why);
  // [any] In order; what is queued is dropped, and the memories that puts went from are the caller's own again. The
  // peer's waiters wake with HAWSER_CLOSED.
  void close();
  // What the peer's memories are registered for: another device's transport, where the two ends' devices may differ.
  virtual uint32_t peer_transport() const { return transport(); }
  bool open() const { return std::atomic_ref<const uint32_t>(shared_.state).load(std::memory_order_acquire) == 0; }
  Status error() const;

  hawser_port_connection_shared* shared() { return &shared_; }
  uint32_t transport() const { return shared_.transport; }
  Context& context() { return context_; }
  int peer_rank() const { return control_->peer().rank; }
  std::string peer_name() const { return control_->peer().name(); }

  // Whoever waits on a word of this connection is woken by its end. Removed before the word goes.
  void add_waiter(hawser_port_word* word);
  void remove_waiter(hawser_port_word* word);

  // What orders works: held while a semaphore is joined.
  std::mutex& order() { return mutex_; }

 protected:
  Connection(Context& context, uint32_t transport, std::unique_ptr<Control> control);

  // [blocks] Until `awaited` is done; whether it has arrived. `rung`: who stores into the word rings. A transport whose
  // bytes move only while somebody drives it lets the caller do so.
  virtual bool await(const Awaited& awaited, Nanos spin, bool rung);

  // Whether it finds out by itself that its peer has died: then it outlives its control connection.
  virtual bool notices_death() const { return false; }

  // [under the lock] Moves the work on. True: the transport has it whole, and its order before all that follows is the
  // transport's affair. False: no room now, or a slice of a copy is done; asked again by pump(). The peer sees a
  // kSignal after every byte put before it; a kFence answers by complete(). Where it cannot go on a transport calls
  // fail() and returns true.
  virtual bool advance(Work& work) = 0;
  // [under the lock] After one or more calls of advance(): what it gathered may go.
  virtual void advanced() {}
  // [under the lock, once, after the end] Nothing is handed on any more: drop what hangs on the transport.
  virtual void stop() {}
  // [any, without the lock, after stop()] Returns when nothing touches a memory of this process on the connection's
  // behalf any more.
  virtual void settle() {}

  // [any] All that was handed on before the fence `mark` is in the peer's memory. Marks come in order.
  void complete(uint64_t mark) { store_word(completed_, mark); }

 private:
  struct Queued {
    Work work;
    std::shared_ptr<Memory> destination;  // both are kept until the work is done
    std::shared_ptr<Memory> source;
  };
  // Works that have left the queue, declared before the lock that they left it under: a memory that goes with its last
  // work may wait for a thread that waits for this lock.
  using Departed = std::vector<Queued>;

  void on_peer_gone(Status why) override { end(HAWSER_PORT_FAILED, std::move(why), false); }
  void on_cut_off(Status why) override {
    if (!notices_death()) on_peer_gone(std::move(why));
  }
  Status take(std::span<Work> works, uint64_t* mark);
  void number(Work& work, uint64_t* mark);
  size_t hand_on(std::span<Work> works);
  bool hand_on_first();
  void depart(Departed* out);
  void count(const Work& work);
  void note_queue();
  stats::Ranks ranks() const;
  // [blocks] As await(); a long wait is noted for who looks at the process from outside.
  bool await_noted(const Awaited& awaited, Nanos spin, bool rung, const char* what);
  void end(uint32_t state, Status why, bool tell);
  void drop(Departed* out);

  Context& context_;
  std::unique_ptr<Control> control_;
  hawser_port_connection_shared shared_{};
  hawser_port_word completed_{};
  std::mutex mutex_;  // the queue, and the transport's side
  std::deque<Queued> queue_;
  std::atomic<size_t> queued_{0};
  uint64_t marks_ = 0;
  stats::Note<hawser_stat_port> note_;
  bool stopped_ = false;
  mutable std::mutex end_mutex_;  // the error and the waiters; taken last
  std::vector<hawser_port_word*> waiters_;
  Status error_;
};

}  // namespace hawser::port
