// What a process has one of: its name to peers, the doors that they knock at, its transports and the board that small
// words live on.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "port/board.h"
#include "port/connection.h"
#include "port/doors.h"
#include "port/memory.h"
#include "port/transport.h"
#include "trust/identity.h"

namespace hawser::port {

class Context {
 public:
  Context() = default;
  // Connections, memories and all else that was made from it are gone.
  ~Context();

  Status open(const hawser_port_config& config);

  const hawser_port_config& config() const { return config_; }
  const Origin& origin() const { return doors_.origin(); }
  Doors& doors() { return doors_; }
  // The context's thread waits in it.
  Watches& watches() { return doors_.watches(); }
  Board& board() { return board_; }

  // [any] Made at first use.
  Status transport(uint32_t kind, Transport** out);
  // [any] The board as a memory for `transport`, so that peers can signal into its words.
  Status board_memory(uint32_t transport, std::shared_ptr<Memory>* out);

  // [any] Never used twice in this process.
  uint64_t next_number() { return numbers_.fetch_add(1, std::memory_order_relaxed); }

  // [any] The context's thread pumps the connection until nothing waits.
  void pump(std::shared_ptr<Connection> connection);

 private:
  static constexpr size_t kTransports = 16;
  Status make_transport(uint32_t kind, std::unique_ptr<Transport>* out);
  void run();
  bool pump_all();

  hawser_port_config config_{};
  hawser_identity identity_;  // this context's own reference, null in the clear; the configuration names it
  Doors doors_;
  Board board_;
  std::atomic<uint64_t> numbers_{1};
  std::mutex transports_mutex_;
  std::array<std::unique_ptr<Transport>, kTransports> transports_;
  std::mutex boards_mutex_;
  std::array<std::shared_ptr<Memory>, kTransports> boards_;
  std::mutex pumped_mutex_;
  std::vector<std::shared_ptr<Connection>> pumped_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace hawser::port
