#include "mem/unpack_check.h"

#include <algorithm>
#include <array>
#include <string>

namespace hawser {

namespace {

using Descriptor = hawser_unpack_descriptor;

Status refuse(const std::string& why) { return {HAWSER_INVALID_ARGUMENT, "the unpack is refused: " + why}; }

std::string text(const Descriptor& it) {
  return std::to_string(it.len) + " bytes from " + std::to_string(it.src_off) + " to " + std::to_string(it.dst_off);
}

Status check_areas(const hawser_unpack_batch& batch) {
  const auto source = reinterpret_cast<uintptr_t>(batch.source);
  const auto destination = reinterpret_cast<uintptr_t>(batch.destination);
  if (batch.source_bytes > UINTPTR_MAX - source || batch.destination_bytes > UINTPTR_MAX - destination) {
    return refuse("its source or its destination is larger than memory");
  }
  if (source < destination + batch.destination_bytes && destination < source + batch.source_bytes) {
    return refuse("its source and its destination overlap");
  }
  return {};
}

Status check_within(const hawser_unpack_batch& batch, uint32_t index) {
  const Descriptor& it = batch.descriptors[index];
  const std::string which = "descriptor " + std::to_string(index) + " of " + std::to_string(batch.count) + ", " +
                            text(it) + ", reaches beyond its ";
  if (uint64_t{it.src_off} + it.len > batch.source_bytes) {
    return refuse(which + "source of " + std::to_string(batch.source_bytes) + " bytes");
  }
  return refuse(which + "destination of " + std::to_string(batch.destination_bytes) + " bytes");
}

// The first that writes where the one before it writes; `count` without one.
uint32_t first_overlap(const Descriptor* descriptors, uint32_t count) {
  uint64_t end = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (descriptors[i].len == 0) continue;
    if (descriptors[i].dst_off < end) return i;
    end = descriptors[i].dst_off + descriptors[i].len;
  }
  return count;
}

}  // namespace

uint64_t bytes_of(const hawser_unpack_batch& batch) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < batch.count; ++i) total += batch.descriptors[i].len;
  return total;
}

Status UnpackCheck::check(const hawser_unpack_batch& batch) {
  if (batch.count > HAWSER_UNPACK_MAX) {
    return refuse("it has " + std::to_string(batch.count) + " descriptors, and " + std::to_string(HAWSER_UNPACK_MAX) +
                  " are the most: cut it in several");
  }
  if (Status status = check_areas(batch); !status.ok()) return status;
  for (uint32_t i = 0; i < batch.count; ++i) {
    const Descriptor& it = batch.descriptors[i];
    const bool within = uint64_t{it.src_off} + it.len <= batch.source_bytes && it.len <= batch.destination_bytes &&
                        it.dst_off <= batch.destination_bytes - it.len;
    if (!within) return check_within(batch, i);
  }
  return first_overlap(batch.descriptors, batch.count) == batch.count ? Status() : check_unordered(batch);
}

Status UnpackCheck::check_unordered(const hawser_unpack_batch& batch) {
  sorted_.assign(batch.descriptors, batch.descriptors + batch.count);
  std::erase_if(sorted_, [](const Descriptor& it) { return it.len == 0; });
  sort();
  const auto count = static_cast<uint32_t>(sorted_.size());
  const uint32_t overlap = first_overlap(sorted_.data(), count);
  if (overlap == count) return {};
  return refuse("two of its descriptors write the same bytes: " + text(sorted_[overlap - 1]) + ", and " +
                text(sorted_[overlap]));
}

// By destination, byte by byte from the least: bytes in which none differ, the upper ones in the main, cost nothing.
void UnpackCheck::sort() {
  uint64_t all_set = ~uint64_t{0};
  uint64_t any_set = 0;
  for (const Descriptor& it : sorted_) {
    all_set &= it.dst_off;
    any_set |= it.dst_off;
  }
  const uint64_t differing = all_set ^ any_set;
  spare_.resize(sorted_.size());
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if ((differing >> shift & 0xff) == 0) continue;
    std::array<uint32_t, 257> begin{};
    for (const Descriptor& it : sorted_) ++begin[(it.dst_off >> shift & 0xff) + 1];
    for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    for (const Descriptor& it : sorted_) spare_[begin[it.dst_off >> shift & 0xff]++] = it;
    sorted_.swap(spare_);
  }
}

}  // namespace hawser
