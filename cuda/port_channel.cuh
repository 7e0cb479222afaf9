// A port channel for kernels: put, signal, wait, poll, flush. Each method is called by one thread; what the other
// threads of a block wrote is put when they and the caller met at a barrier before. Several threads, of any blocks and
// kernels, may put, signal and flush through one handle, or through several of one proxy; one at a time may wait or
// poll. Nothing here waits for longer than the caller's timeout.
//
// Hosts make a handle by hawser_channel_device and hand it to a kernel by value:
//   __global__ void kernel(hawser_port_device_channel channel) {
//     const hawser::PortChannelDeviceHandle port{channel};
//     if (port.putWithSignal(0, 0, bytes) != HAWSER_OK) ...
#pragma once

#include "hawser_port.h"
#include "on_device.cuh"

namespace hawser {

// 10 s: the bound of a wait unless the caller gives one.
constexpr uint64_t kDeviceTimeout = 10'000'000'000;

// `Access` is how memory is reached that others write: by the GPU's scoped instructions in a kernel, and by the host's
// atomics where the protocol is tested without a GPU.
template <typename Access>
class BasicPortChannel {
 public:
  HAWSER_ON_DEVICE explicit BasicPortChannel(const hawser_port_device_channel& shared) : shared_(shared) {}

  // All return HAWSER_OK, HAWSER_TIMEOUT, or HAWSER_LINK_FAILED once the connection has ended; the host learns why by
  // hawser_channel_error. What comes back as HAWSER_TIMEOUT from a put or a signal was not posted.

  // Bytes from the channel's source to its destination. The source is the channel's until a flush.
  HAWSER_ON_DEVICE int32_t put(uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
                               uint64_t timeout = kDeviceTimeout) const {
    return post(HAWSER_TRIGGER_PUT, destination_offset, source_offset, bytes, timeout, nullptr);
  }
  // The peer's next wait returns when all that was put before is there.
  HAWSER_ON_DEVICE int32_t signal(uint64_t timeout = kDeviceTimeout) const {
    return post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, timeout, nullptr);
  }
  HAWSER_ON_DEVICE int32_t putWithSignal(uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
                                         uint64_t timeout = kDeviceTimeout) const {
    return post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, destination_offset, source_offset, bytes, timeout, nullptr);
  }
  // Until all that this thread posted is in the peer's memory.
  HAWSER_ON_DEVICE int32_t flush(uint64_t timeout = kDeviceTimeout) const {
    return post_and_flush(0, 0, 0, 0, timeout);
  }
  HAWSER_ON_DEVICE int32_t putWithSignalAndFlush(uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
                                                 uint64_t timeout = kDeviceTimeout) const {
    return post_and_flush(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, destination_offset, source_offset, bytes,
                          timeout);
  }

  // The next signal of the peer.
  HAWSER_ON_DEVICE int32_t wait(uint64_t timeout = kDeviceTimeout) const {
    const int32_t code = await(shared_.inbound, *shared_.awaited + 1, timeout);
    if (code == HAWSER_OK) *shared_.awaited += 1;
    return code;
  }
  // Whether the next signal is there; takes it when it is.
  HAWSER_ON_DEVICE bool poll() const {
    if (Access::load_acquire_system(shared_.inbound) <= *shared_.awaited) return false;
    *shared_.awaited += 1;
    return true;
  }
  // The clock that timeouts are measured by.
  HAWSER_ON_DEVICE static uint64_t nanoseconds() { return Access::nanoseconds(); }

 private:
  // Between two looks at the clock and at the connection, which lies in the host's memory.
  static constexpr int kLooks = 64;

  HAWSER_ON_DEVICE bool ended() const { return Access::load_acquire_system(&shared_.news->ended) != 0; }

  HAWSER_ON_DEVICE int32_t await(const uint64_t* word, uint64_t expected, uint64_t timeout) const {
    const uint64_t start = Access::nanoseconds();
    for (;;) {
      for (int look = 0; look < kLooks; ++look) {
        if (Access::load_acquire_system(word) >= expected) return HAWSER_OK;
        Access::relax();
      }
      if (ended()) return Access::load_acquire_system(word) >= expected ? HAWSER_OK : HAWSER_LINK_FAILED;
      if (Access::nanoseconds() - start >= timeout) return HAWSER_TIMEOUT;
    }
  }

  // Claims a position. The counters lie in the device's memory: the host's head is read only when the ring seems full.
  HAWSER_ON_DEVICE int32_t claim(uint64_t timeout, uint64_t* position) const {
    hawser_port_device_cursor& cursor = *shared_.cursor;
    const uint64_t start = Access::nanoseconds();
    uint64_t at = Access::load_relaxed_device(&cursor.tail);
    for (;;) {
      // Acquire, of whoever saw the consumer's head: the slot's former content was read before it is overwritten. A
      // stale tail may lie behind the head: the difference is then large, and the tail is read again.
      if (at - Access::load_acquire_device(&cursor.head) < shared_.capacity) {
        if (Access::compare_exchange_device(&cursor.tail, &at, at + 1)) break;
        continue;
      }
      const uint64_t head = Access::load_acquire_system(&shared_.fifo->head.value);
      Access::raise_release_device(&cursor.head, head);
      at = Access::load_relaxed_device(&cursor.tail);
      if (at - head < shared_.capacity) continue;
      if (ended()) return HAWSER_LINK_FAILED;
      if (Access::nanoseconds() - start >= timeout) return HAWSER_TIMEOUT;
      Access::relax();
    }
    *position = at;
    return HAWSER_OK;
  }

  HAWSER_ON_DEVICE int32_t post(uint32_t kind, uint64_t destination_offset, uint64_t source_offset, uint64_t bytes,
                                uint64_t timeout, uint64_t* position) const {
    uint64_t at = 0;
    const int32_t code = claim(timeout, &at);
    if (code != HAWSER_OK) return code;
    hawser_trigger& slot = shared_.triggers[at & (shared_.capacity - 1)];
    slot.kind = kind;
    slot.channel = shared_.channel;
    slot.destination = shared_.destination;
    slot.source = shared_.source;
    slot.destination_offset = destination_offset;
    slot.source_offset = source_offset;
    slot.bytes = bytes;
    // Release, to the host and the copy engine: the trigger's words, and the bytes that it speaks of.
    Access::store_release_system(&slot.sequence, at + 1);
    if (position != nullptr) *position = at;
    return HAWSER_OK;
  }

  HAWSER_ON_DEVICE int32_t post_and_flush(uint32_t kind, uint64_t destination_offset, uint64_t source_offset,
                                          uint64_t bytes, uint64_t timeout) const {
    uint64_t at = 0;
    const int32_t code = post(kind | HAWSER_TRIGGER_FLUSH, destination_offset, source_offset, bytes, timeout, &at);
    return code != HAWSER_OK ? code : await(&shared_.news->flushed, at + 1, timeout);
  }

  hawser_port_device_channel shared_;
};

#ifdef __CUDACC__
struct DeviceAccess {
  HAWSER_ON_DEVICE static uint64_t load_acquire_system(const uint64_t* word) {
    uint64_t value;
    asm volatile("ld.acquire.sys.u64 %0, [%1];" : "=l"(value) : "l"(word) : "memory");
    return value;
  }
  HAWSER_ON_DEVICE static void store_release_system(uint64_t* word, uint64_t value) {
    asm volatile("st.release.sys.u64 [%0], %1;" ::"l"(word), "l"(value) : "memory");
  }
  HAWSER_ON_DEVICE static uint64_t load_relaxed_device(const uint64_t* word) {
    uint64_t value;
    asm volatile("ld.relaxed.gpu.u64 %0, [%1];" : "=l"(value) : "l"(word) : "memory");
    return value;
  }
  HAWSER_ON_DEVICE static uint64_t load_acquire_device(const uint64_t* word) {
    uint64_t value;
    asm volatile("ld.acquire.gpu.u64 %0, [%1];" : "=l"(value) : "l"(word) : "memory");
    return value;
  }
  // Relaxed: the claim orders nothing. `expected` receives what was there instead.
  HAWSER_ON_DEVICE static bool compare_exchange_device(uint64_t* word, uint64_t* expected, uint64_t desired) {
    uint64_t found;
    asm volatile("atom.relaxed.gpu.cas.b64 %0, [%1], %2, %3;"
                 : "=l"(found)
                 : "l"(word), "l"(*expected), "l"(desired)
                 : "memory");
    const bool exchanged = found == *expected;
    *expected = found;
    return exchanged;
  }
  HAWSER_ON_DEVICE static void raise_release_device(uint64_t* word, uint64_t value) {
    asm volatile("red.release.gpu.max.u64 [%0], %1;" ::"l"(word), "l"(value) : "memory");
  }
  HAWSER_ON_DEVICE static uint64_t nanoseconds() {
    uint64_t value;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(value));
    return value;
  }
  HAWSER_ON_DEVICE static void relax() { __nanosleep(20); }
};

using PortChannelDeviceHandle = BasicPortChannel<DeviceAccess>;
#endif

}  // namespace hawser
