// A word here that the peer's signals go to, and the way to the peer's.
#pragma once

#include <memory>
#include <vector>

#include "port/connection.h"

namespace hawser::port {

class Semaphore {
 public:
  static Status open(std::shared_ptr<Connection> connection, std::unique_ptr<Semaphore>* out);
  // Its word lies in the memory of the connection's device: kernels wait on it, and the host cannot.
  static Status open_on_device(std::shared_ptr<Connection> connection, std::unique_ptr<Semaphore>* out);
  ~Semaphore();

  // What the peer's join wants.
  const std::vector<uint8_t>& told() const { return told_.bytes(); }
  Status join(Reader peer, Nanos deadline);

  Connection& connection() { return *connection_; }
  hawser_port_word& word() { return *word_; }  // an address of the device when it is there
  bool on_device() const { return device_word_ != nullptr; }
  // [under the connection's order] Whether signals have a destination.
  bool joined() const { return peer_board_ != nullptr; }
  // [under the connection's order, once joined] Fills in where the next signal goes and what it stores.
  void next_signal(Work* signal);

  // [blocks, one thread at a time]
  Status wait(uint64_t expected, Nanos deadline, Nanos spin);

 private:
  void tell(const Memory& memory, uint64_t offset);
  explicit Semaphore(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  std::shared_ptr<Connection> connection_;
  hawser_port_word* word_ = nullptr;
  std::shared_ptr<void> device_storage_;
  std::shared_ptr<Memory> device_word_;
  Writer told_;
  std::shared_ptr<Memory> peer_board_;
  uint64_t peer_offset_ = 0;
  uint64_t signals_ = 0;
};

}  // namespace hawser::port
