// A semaphore and two memories under one name: put, signal, wait, flush.
#pragma once

#include "port/proxy.h"

namespace hawser::port {

class PortChannel {
 public:
  PortChannel(ProxyService& proxy, uint32_t number, Semaphore& semaphore, uint32_t destination, uint32_t source,
              std::shared_ptr<Memory> destination_memory, std::shared_ptr<Memory> source_memory);

  // [any] A set of hawser_trigger_kind; see hawser_channel_post.
  int32_t post(uint32_t kind, uint64_t destination_offset, uint64_t source_offset, uint64_t bytes, uint64_t* position);
  // [blocks]
  Status flushed(uint64_t position, Nanos deadline, Nanos spin);
  // [blocks, one thread at a time] The next signal of the peer.
  Status wait(Nanos deadline, Nanos spin);
  // [one thread at a time] Whether the next signal is there; takes it when it is.
  bool poll();

  // Why the last post that failed did, else the connection's error.
  Status error() const;
  ProxyService& proxy() { return proxy_; }
  Semaphore& semaphore() { return semaphore_; }
  uint32_t number() const { return number_; }
  uint32_t destination() const { return destination_; }
  uint32_t source() const { return source_; }

  // [proxy thread] False: the connection's queue is full.
  bool serve(const hawser_trigger& trigger);
  // [proxy thread] The mark of the last flush that was served.
  uint64_t mark() const { return mark_.load(std::memory_order_relaxed); }
  // [the thread that stops the proxy] Triggers of it were dropped: ends the connection.
  void abandon();

 private:
  int32_t refused(Status why);
  void fail(Status why);

  ProxyService& proxy_;
  uint32_t number_;
  Semaphore& semaphore_;
  uint32_t destination_;
  uint32_t source_;
  std::shared_ptr<Memory> destination_memory_;
  std::shared_ptr<Memory> source_memory_;
  uint64_t expected_ = 0;
  std::atomic<uint64_t> mark_{0};  // of the last flush that was served
  mutable std::mutex mutex_;
  Status error_;
};

}  // namespace hawser::port
