// How rows of the shared file are written, and read again, while anybody may look: see hawser_stat.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "mem/rings.h"

namespace hawser::stats {

// All but the sequence, a word at a time. Every word is atomic: a reader that comes in between gets old and new words
// mixed, which its second look at the sequence tells, but never a torn one.
template <typename Row>
void store_content(Row& to, const Row& from) {
  static_assert(std::is_trivially_copyable_v<Row> && offsetof(Row, sequence) == 0 && sizeof(Row) % 8 == 0);
  using Word [[gnu::may_alias]] = uint64_t;
  auto* words = reinterpret_cast<Word*>(&to);
  for (size_t i = 1; i < sizeof(Row) / 8; ++i) {
    uint64_t word = 0;
    std::memcpy(&word, reinterpret_cast<const unsigned char*>(&from) + 8 * i, 8);
    __atomic_store_n(words + i, word, __ATOMIC_RELAXED);
  }
}

// For the row's only writer.
template <typename Row>
void write_row(Row& to, const Row& from) {
  const uint64_t sequence = load_relaxed(to.sequence);
  store_relaxed(to.sequence, sequence + 1);
  // No word of the content is seen before the odd sequence is: who has read one of them reads that, too.
  std::atomic_thread_fence(std::memory_order_release);
  store_content(to, from);
  store_release(to.sequence, sequence + 2);
}

// False: it was being written just now.
template <typename Row>
bool read_row(const Row& from, Row* out) {
  using Word [[gnu::may_alias]] = uint64_t;
  const auto* words = reinterpret_cast<const Word*>(&from);
  const uint64_t before = load_acquire(from.sequence);
  for (size_t i = 1; i < sizeof(Row) / 8; ++i) {
    const uint64_t word = __atomic_load_n(words + i, __ATOMIC_RELAXED);
    std::memcpy(reinterpret_cast<unsigned char*>(out) + 8 * i, &word, 8);
  }
  // With the fence of the writer: a word of a later content was read only if the sequence below is a later one.
  std::atomic_thread_fence(std::memory_order_acquire);
  out->sequence = before;
  return before % 2 == 0 && load_relaxed(from.sequence) == before;
}

// Entry `tail` of a ring, by any thread, without waiting for another. A writer that was stopped in the middle of a row
// until the ring came round to it again keeps the row: the newer entry is dropped.
template <typename Row, size_t kRows>
void append(Row (&rows)[kRows], uint64_t& tail, const Row& entry) {
  const uint64_t number = std::atomic_ref<uint64_t>(tail).fetch_add(1, std::memory_order_relaxed);
  Row& row = rows[number % kRows];
  std::atomic_ref<uint64_t> sequence(row.sequence);
  uint64_t seen = sequence.load(std::memory_order_relaxed);
  do {
    if (seen % 2 != 0 || seen > 2 * number) return;
    // Acquire: the words of whoever wrote this row last are stored before this one's.
  } while (!sequence.compare_exchange_weak(seen, 2 * number + 1, std::memory_order_acquire, std::memory_order_relaxed));
  // As in write_row.
  std::atomic_thread_fence(std::memory_order_release);
  store_content(row, entry);
  sequence.store(2 * number + 2, std::memory_order_release);
}

}  // namespace hawser::stats
