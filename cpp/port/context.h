// What a process has one of: its name to peers, the doors that they knock at, its transports and the board that small
// words live on.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mem/shared_memory.h"
#include "port/connection.h"
#include "port/doors.h"
#include "port/memory.h"
#include "port/transport.h"

namespace hawser::port {

class Context {
 public:
  Context() = default;
  ~Context();

  Status open(const hawser_port_config& config);

  const Origin& origin() const { return doors_.origin(); }
  const hawser_port_config& config() const { return config_; }
  Doors& doors() { return doors_; }
  // Where control connections are watched; the context's thread waits in it.
  Poller& poller() { return doors_.poller(); }

  // [any] Made at first use.
  Status transport(uint32_t kind, Transport** out);

  uint64_t next_number() { return numbers_.fetch_add(1, std::memory_order_relaxed); }

  // [any] A zeroed word on the board, and the board as a memory for `transport`, with the word's offset in it.
  Status take_word(uint32_t transport, hawser_port_word** word, std::shared_ptr<Memory>* board, uint64_t* offset);
  void give_word(hawser_port_word* word);
  // [any] A cell of the board that holds `number` while the memory of that number lives; peers on this host read it.
  Status take_life(uint64_t number, uint64_t* offset);
  void end_life(uint64_t offset);
  const SharedMemory& board() const { return *board_; }

  // [any] The context's thread pumps the connection until nothing waits.
  void pump(const std::shared_ptr<Connection>& connection);

 private:
  struct Board;
  void run();

  hawser_port_config config_{};
  Doors doors_;
  std::atomic<uint64_t> numbers_{1};
  std::mutex mutex_;
  std::array<std::unique_ptr<Transport>, 16> transports_;
  std::shared_ptr<SharedMemory> board_;
  std::array<std::shared_ptr<Memory>, 16> boards_;  // the board as registered with each transport
  std::vector<bool> words_;
  std::vector<bool> lives_;
  std::vector<std::shared_ptr<Connection>> pumped_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace hawser::port
