#include "port/tcp/memories.h"

#include <sys/random.h>

namespace hawser::port {

Status TcpMemories::add(uint64_t number, void* address, uint64_t bytes, uint64_t* key) {
  if (getrandom(key, sizeof *key, 0) != static_cast<ssize_t>(sizeof *key)) {
    return Status::from_errno(HAWSER_IO, "no random bytes for a memory's key");
  }
  const std::scoped_lock lock(mutex_);
  places_[number] = {static_cast<unsigned char*>(address), bytes, *key, 0};
  return {};
}

bool TcpMemories::remove(uint64_t number) {
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(number);
  if (found == places_.end()) return false;
  const bool busy = found->second.landings != 0;
  places_.erase(found);
  return busy;
}

Status TcpMemories::find(const tcp::Record& record, uint64_t bytes, unsigned char** at) const {
  const auto found = places_.find(record.memory);
  if (found == places_.end()) return {HAWSER_REFUSED, "that memory was freed or never registered"};
  const Place& place = found->second;
  if (record.key != place.key) return {HAWSER_REFUSED, "the peer was not told of that memory"};
  if (record.offset > place.bytes || bytes > place.bytes - record.offset) {
    return {HAWSER_REFUSED, "that memory has " + std::to_string(place.bytes) + " bytes"};
  }
  *at = place.address + record.offset;
  return {};
}

Status TcpMemories::begin_landing(const tcp::Record& record, unsigned char** at) {
  const std::scoped_lock lock(mutex_);
  if (Status status = find(record, record.bytes, at); !status.ok()) return status;
  ++places_[record.memory].landings;
  return {};
}

void TcpMemories::end_landing(uint64_t number) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = places_.find(number); found != places_.end()) --found->second.landings;
}

}  // namespace hawser::port
