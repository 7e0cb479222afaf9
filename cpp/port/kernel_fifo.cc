#include "port/kernel_fifo.h"

#include <algorithm>
#include <string>

namespace hawser::port {

namespace {

size_t triggers_bytes(uint32_t capacity) { return capacity * sizeof(hawser_trigger); }

}  // namespace

size_t KernelFifo::shared_bytes(uint32_t capacity) {
  return sizeof(hawser_fifo_shared) + triggers_bytes(capacity) + kChannels * sizeof(hawser_port_device_news);
}

// The cursor, and a counter of awaited signals a channel.
size_t KernelFifo::device_bytes() { return sizeof(hawser_port_device_cursor) + kChannels * sizeof(uint64_t); }

KernelFifo::KernelFifo(ProxyService& proxy, uint32_t capacity, KernelMemory shared, uint64_t device)
    : proxy_(proxy),
      capacity_(capacity),
      shared_(shared),
      device_(device),
      fifo_(reinterpret_cast<hawser_fifo_shared*>(shared.host)),
      triggers_(reinterpret_cast<hawser_trigger*>(shared.host + sizeof(hawser_fifo_shared))),
      news_(reinterpret_cast<hawser_port_device_news*>(shared.host + sizeof(hawser_fifo_shared) +
                                                       triggers_bytes(capacity))),
      ring_(triggers_, capacity, &fifo_->tail, &fifo_->head) {
  fifo_->capacity = capacity;
  fifo_->triggers_offset = sizeof(hawser_fifo_shared);
  ring_.initialise();
}

uint64_t KernelFifo::on_device(const void* shared) const {
  return shared_.device + static_cast<uint64_t>(static_cast<const unsigned char*>(shared) - shared_.host);
}

KernelFifo::Attached* KernelFifo::attached(uint32_t channel) {
  const auto found = std::find_if(attached_.begin(), attached_.end(),
                                  [&](const Attached& one) { return one.channel->number() == channel; });
  return found == attached_.end() ? nullptr : &*found;
}

Status KernelFifo::attach(PortChannel& channel, uint64_t inbound, hawser_port_device_channel* out) {
  const std::scoped_lock lock(mutex_);
  if (const Attached* known = attached(channel.number())) {
    *out = known->kernel;
    return {};
  }
  const size_t slot = attached_.size();
  if (slot == kChannels) {
    return {HAWSER_OUT_OF_MEMORY, "a proxy serves kernels on at most " + std::to_string(kChannels) + " channels"};
  }
  hawser_port_device_news* news = news_ + slot;
  hawser_port_device_channel kernel{};
  kernel.fifo = reinterpret_cast<hawser_fifo_shared*>(on_device(fifo_));
  kernel.triggers = reinterpret_cast<hawser_trigger*>(on_device(triggers_));
  kernel.cursor = reinterpret_cast<hawser_port_device_cursor*>(device_);
  kernel.news = reinterpret_cast<hawser_port_device_news*>(on_device(news));
  kernel.inbound = reinterpret_cast<const uint64_t*>(inbound);
  kernel.awaited = reinterpret_cast<uint64_t*>(device_ + sizeof(hawser_port_device_cursor)) + slot;
  kernel.capacity = capacity_;
  kernel.channel = channel.number();
  kernel.destination = channel.destination();
  kernel.source = channel.source();
  attached_.push_back({&channel, kernel, news, false});
  *out = kernel;
  return {};
}

bool KernelFifo::serve() {
  const std::scoped_lock lock(mutex_);
  bool served = false;
  hawser_trigger trigger;
  uint64_t position = 0;
  // Not more than a ring of them: the proxy has others to serve.
  for (uint32_t i = 0; i < capacity_ && ring_.try_peek(&trigger, &position) && take(trigger, position); ++i) {
    ring_.pop();
    served = true;
  }
  tell_flushes();
  tell_ends();
  return served || !flushes_.empty();
}

bool KernelFifo::take(const hawser_trigger& trigger, uint64_t position) {
  const Attached* to = attached(trigger.channel);
  if (to == nullptr) return true;  // from nobody that could be told
  if (!proxy_.take(*to->channel, trigger)) return false;
  if ((trigger.kind & HAWSER_TRIGGER_FLUSH) != 0) {
    flushes_.push_back(
        {to->channel->semaphore().connection().shared_from_this(), to->channel->mark(), to->news, position + 1});
  }
  return true;
}

// Those of one connection complete in order, so the positions that a channel is told only grow.
void KernelFifo::tell_flushes() {
  std::erase_if(flushes_, [](const Flush& flush) {
    if (!flush.connection->passed(flush.mark)) return !flush.connection->open();
    store_release(flush.news->flushed, flush.position);
    return true;
  });
}

void KernelFifo::tell_ends() {
  for (Attached& one : attached_) {
    if (one.ended || one.channel->semaphore().connection().open()) continue;
    one.ended = true;
    store_release(one.news->ended, 1);
  }
}

size_t KernelFifo::drop() {
  const std::scoped_lock lock(mutex_);
  size_t dropped = 0;
  for (hawser_trigger trigger; ring_.try_take(&trigger); ++dropped) {
    if (Attached* to = attached(trigger.channel)) to->channel->abandon();
  }
  tell_ends();
  return dropped;
}

}  // namespace hawser::port
