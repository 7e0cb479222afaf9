// Both ranks say that they are ready, put at the same time, and wait for what the other put.
#pragma once

#include "port_channel.cuh"

namespace hawser {

// One thread. The timeout is for all of it. Rank r owns [r * bytes, (r + 1) * bytes) of the memories on both sides and
// puts it over the peer's.
template <typename Channel>
HAWSER_ON_DEVICE int32_t bidir_put(const Channel& channel, uint32_t rank, uint64_t bytes, uint32_t iterations,
                                   uint64_t timeout) {
  const uint64_t offset = rank * bytes;
  const uint64_t start = Channel::nanoseconds();
  const auto left = [&] {
    const uint64_t spent = Channel::nanoseconds() - start;
    return spent < timeout ? timeout - spent : 0;
  };
  int32_t code = HAWSER_OK;
  for (uint32_t i = 0; i < iterations && code == HAWSER_OK; ++i) {
    code = channel.signal(left());
    if (code == HAWSER_OK) code = channel.wait(left());
    if (code == HAWSER_OK) code = channel.putWithSignal(offset, offset, bytes, left());
    if (code == HAWSER_OK) code = channel.wait(left());
  }
  return code == HAWSER_OK ? channel.flush(left()) : code;
}

}  // namespace hawser
