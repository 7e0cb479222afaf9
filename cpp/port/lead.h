// Who drives what moves bytes only while somebody does: whoever waits for it, one at a time, and a thread of its own
// while nobody waits. The one who leads runs it for all; the others sleep on their words until these have come or the
// lead is free. A wait costs no hand-over between threads where only one waits, and one where the lead passes on.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "port/word.h"

namespace hawser::port {

// What somebody waits for: `expected` or more in `word`, until the deadline or until `over()`.
struct Awaited {
  hawser_port_word& word;
  uint64_t expected;
  Nanos deadline;
  const std::function<bool()>& over;

  bool arrived() const { return load_word(word) >= expected; }
  bool done() const { return arrived() || over() || now() >= deadline; }
};

class Lead {
 public:
  // [any, blocks] Whether what is awaited has come. `drive` runs when the caller leads, and returns when it is done();
  // it runs once even where it is done at once: who comes by often and never has to wait keeps the thread away, too.
  bool await(const Awaited& awaited, const std::function<void()>& drive);

  // [any] True: the caller leads, until it leaves.
  bool take();
  // [who leads] Leaves, and wakes one that follows: it takes the lead. False: nobody follows.
  bool leave();
  // [who leads] Wakes the followers whose words have come without a ring.
  void ring_arrived();

  // [the thread] True: it leads. False: others do or did a moment ago, and it has napped or slept out their turn.
  bool take_when_idle();
  // [the thread] As leave(). It steps back from those who follow.
  void leave_idle();
  // [any] No one leads any more, and the thread has been told to stop: it wakes.
  void end();

 private:
  struct Follower {
    const Awaited* awaited;
    bool rung;
  };
  void follow(const Awaited& awaited);
  // [under the mutex] The lead is free: wakes one that follows.
  bool pass_on();

  // Odd while somebody leads, and never twice the same.
  std::atomic<uint32_t> term_{0};
  uint32_t seen_ = 0;  // the thread's: the term when it last looked
  std::mutex mutex_;
  std::vector<Follower> followers_;
  std::atomic<size_t> following_{0};  // their number, for those who only look whether there are any
};

}  // namespace hawser::port
