// Small words of one process that peers read or write: those that signals go to, and one a registered memory that tells
// whether it lives.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "hawser_port.h"
#include "mem/shared_memory.h"

namespace hawser::port {

class Board {
 public:
  Status open();
  const SharedMemory& memory() const { return *memory_; }

  // [any] A zeroed word.
  Status take_word(hawser_port_word** out);
  void give_word(hawser_port_word* word);
  uint64_t offset_of(const hawser_port_word* word) const;

  // [any] A cell that holds `number`, which is not 0, until it is given back.
  Status take_life(uint64_t number, uint64_t* offset);
  void end_life(uint64_t offset);
  // Whether the cell at `offset` of a board that is mapped at `board` still holds `number`.
  static bool lives(const unsigned char* board, uint64_t offset, uint64_t number) {
    return cell_at(const_cast<unsigned char*>(board), offset).load(std::memory_order_acquire) == number;
  }

 private:
  static std::atomic_ref<uint64_t> cell_at(unsigned char* board, uint64_t offset) {
    return std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(board + offset));
  }

  std::shared_ptr<SharedMemory> memory_;
  std::mutex mutex_;
  std::vector<bool> words_;  // taken
  std::vector<bool> lives_;
};

}  // namespace hawser::port
