#include "port/board.h"

#include <algorithm>
#include <cstring>

namespace hawser::port {

namespace {

constexpr size_t kWords = 4096;
constexpr size_t kLives = 32768;
constexpr size_t kLivesOffset = kWords * sizeof(hawser_port_word);
constexpr size_t kBytes = kLivesOffset + kLives * sizeof(uint64_t);

// The first that is free, now taken; its size when none is.
size_t take_first(std::vector<bool>& taken) {
  const auto free = std::find(taken.begin(), taken.end(), false);
  if (free != taken.end()) *free = true;
  return static_cast<size_t>(free - taken.begin());
}

}  // namespace

Status Board::open() {
  words_.resize(kWords);
  lives_.resize(kLives);
  return SharedMemory::allocate(kBytes, &memory_);
}

Status Board::take_word(hawser_port_word** out) {
  const std::scoped_lock lock(mutex_);
  const size_t index = take_first(words_);
  if (index == kWords) {
    return {HAWSER_OUT_OF_MEMORY, "this process has " + std::to_string(kWords) + " semaphores: close some"};
  }
  *out = reinterpret_cast<hawser_port_word*>(memory_->data()) + index;
  std::memset(static_cast<void*>(*out), 0, sizeof(**out));
  return {};
}

void Board::give_word(hawser_port_word* word) {
  const std::scoped_lock lock(mutex_);
  words_[offset_of(word) / sizeof(*word)] = false;
}

uint64_t Board::offset_of(const hawser_port_word* word) const {
  return static_cast<uint64_t>(reinterpret_cast<const unsigned char*>(word) - memory_->data());
}

Status Board::take_life(uint64_t number, uint64_t* offset) {
  const std::scoped_lock lock(mutex_);
  const size_t index = take_first(lives_);
  if (index == kLives) {
    return {HAWSER_OUT_OF_MEMORY, "this process has " + std::to_string(kLives) + " registered memories: free some"};
  }
  *offset = kLivesOffset + index * sizeof(uint64_t);
  cell_at(memory_->data(), *offset).store(number, std::memory_order_release);
  return {};
}

void Board::end_life(uint64_t offset) {
  const std::scoped_lock lock(mutex_);
  cell_at(memory_->data(), offset).store(0, std::memory_order_release);
  lives_[(offset - kLivesOffset) / sizeof(uint64_t)] = false;
}

}  // namespace hawser::port
