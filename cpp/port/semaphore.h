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

  // Where a word lies: on which memory of its process, and where there.
  struct Place {
    std::shared_ptr<Memory> board;
    uint64_t offset = 0;
  };
  // [any, blocks] Of what a peer told of its semaphore. Nothing of it is believed: the place lies inside the board.
  static Status find(Context& context, Reader told, Nanos deadline, Place* out);

  // What the peer's join wants.
  const std::vector<uint8_t>& told() const { return told_.bytes(); }
  Status join(Reader peer, Nanos deadline);

  Connection& connection() { return *connection_; }
  hawser_port_word& word() { return *word_; }  // an address of the device when it is there
  bool on_device() const { return device_word_ != nullptr; }
  // [under the connection's order] Whether signals have a destination.
  bool joined() const { return peer_.board != nullptr; }
  // [under the connection's order, once joined] Fills in where the next signal goes and what it stores.
  void next_signal(Work* signal) {
    signal->destination = peer_.board.get();
    signal->destination_offset = peer_.offset;
    signal->value = ++signals_;
  }

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
  Place peer_;
  uint64_t signals_ = 0;
};

}  // namespace hawser::port
