// An ordered way into a peer's memories: works queue here and are handed to the transport one after the other. Shared
// by everything that puts through it.
#pragma once

#include <atomic>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <vector>

#include "port/control.h"
#include "port/memory.h"
#include "port/word.h"

namespace hawser::port {

class Semaphore;

struct Work {
  enum class Kind : uint32_t { kPut, kSignal, kFence };
  Kind kind = Kind::kPut;
  Memory* destination = nullptr;  // kSignal: where the peer's word lies
  uint64_t destination_offset = 0;
  Memory* source = nullptr;  // kPut
  uint64_t source_offset = 0;
  uint64_t bytes = 0;  // kPut
  uint64_t value = 0;  // kSignal: what to store; kFence: the mark
  uint64_t moved = 0;  // kPut: bytes that the transport has handed on, its own note
};

class Connection : public std::enable_shared_from_this<Connection>, private ControlListener {
 public:
  // Takes the control connection over and watches it: its end is the end of the connection.
  Connection(Context& context, uint32_t transport, std::unique_ptr<Control> control);
  ~Connection() override;

  // [any] Hands the works on, or queues them behind those that wait. HAWSER_TIMEOUT: the queue is full, nothing was
  // taken; else the error that the connection failed with. Bounds and lives of memories are checked here, both memories
  // named.
  Status submit(std::initializer_list<Work> works);
  // [any] As submit, but only when nothing waits and nobody else is at it; false: nothing was done, take the long way.
  bool try_submit(std::initializer_list<Work> works, Status* status);
  // [any] Asks for word of when all that was submitted so far is in the peer's memory: completed().value reaches *mark.
  Status submit_fence(uint64_t* mark);

  // [any] Hands on what waits, at most a slice of a long copy. Returns whether works still wait.
  bool pump();

  // [any] Signals to `semaphore` are numbered here, in the order of their submission.
  Status signal(Semaphore& semaphore);

  // Whether the transport takes a put of any size without copying it in the caller's time.
  virtual bool posts_without_copying() const = 0;

  // [any] Ends it for both sides, if it lives: wakes all waiters, tells the peer.
  void fail(Status why);
  // [any] Orderly: what is queued is dropped. The peer's waiters wake with HAWSER_CLOSED.
  void close();

  bool open() const { return state() == HAWSER_PORT_OPEN; }
  uint32_t state() const;
  Status error() const;
  const hawser_port_word& completed() const { return completed_; }
  // [blocks] HAWSER_TIMEOUT, or the connection's error.
  Status await_completed(uint64_t mark, Nanos deadline, Nanos spin);

  hawser_port_connection_shared* shared() { return &shared_; }
  uint32_t transport() const { return shared_.transport; }
  Context& context() { return context_; }
  int peer_rank() const { return control_->peer_rank(); }
  std::string peer_name() const { return control_->peer_name(); }

  // Whoever waits on a word of this connection is woken by its end. The word must be removed before it goes.
  void add_waiter(hawser_port_word* word);
  void remove_waiter(hawser_port_word* word);

 protected:
  // [under the connection's lock] Moves the work on. True: the transport has it whole, and the order to all that
  // follows is its own affair. False: no room now, or a slice of a copy is done; asked again by pump(). A kSignal is
  // seen by the peer after every byte put before it; a kFence answers by complete(). Transports fail() where they
  // cannot go on and return true.
  virtual bool advance(Work& work) = 0;
  // [under the lock, once] Nothing is handed on any more: drop what hangs on the transport.
  virtual void stop() {}

  // [any] All that was handed on before the fence `mark` is in the peer's memory.
  void complete(uint64_t mark);
  // [any] For transports that took a kSignal in: stores a peer's value here and wakes who sleeps.
  Control& control() { return *control_; }

 private:
  struct Queued {
    Work work;
    std::shared_ptr<Memory> destination;  // kept until the work is done
    std::shared_ptr<Memory> source;
  };

  void on_peer_gone(Status why) override;
  Status check(const Work& work) const;
  Status take(std::initializer_list<Work> works);
  bool hand_on(Work& work);
  void count(const Work& work);
  void end(uint32_t state, Status why);

  Context& context_;
  std::unique_ptr<Control> control_;
  hawser_port_connection_shared shared_{};
  hawser_port_word completed_{};
  uint64_t marks_ = 0;
  mutable std::mutex mutex_;      // the queue and the transport's side
  mutable std::mutex end_mutex_;  // the error and the waiters; taken after mutex_ or alone
  std::deque<Queued> queue_;
  std::vector<hawser_port_word*> waiters_;
  Status error_;
};

}  // namespace hawser::port
