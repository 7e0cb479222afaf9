#include "spu/yacl/mailbox.h"

#include <utility>

namespace hawser {

MessageQueue& Mailbox::find_or_add(const MessageKey& key) {
  lookup_.assign(key.prefix).append(key.name);
  if (const auto found = queues_.find(lookup_); found != queues_.end()) return found->second;
  if (free_queues_.empty()) return queues_[lookup_];
  Queues::node_type node = std::move(free_queues_.back());
  free_queues_.pop_back();
  node.key() = lookup_;
  node.mapped() = {};
  return queues_.insert(std::move(node)).position->second;
}

void Mailbox::leave(const MessageKey& key) {
  lookup_.assign(key.prefix).append(key.name);
  const auto found = queues_.find(lookup_);
  if (found == queues_.end() || found->second.head != nullptr || found->second.waiters > 0) return;
  free_queues_.push_back(queues_.extract(found));
}

Arrival* Mailbox::append(MessageQueue& queue) {
  if (free_arrivals_.empty()) {
    arrivals_.push_back(std::make_unique<Arrival>());
    free_arrivals_.push_back(arrivals_.back().get());
  }
  Arrival* message = free_arrivals_.back();
  free_arrivals_.pop_back();
  (queue.head == nullptr ? queue.head : queue.tail->next) = message;
  queue.tail = message;
  return message;
}

::yacl::Buffer Mailbox::take(MessageQueue& queue) {
  Arrival* message = queue.head;
  queue.head = message->next;
  ::yacl::Buffer payload = std::move(message->payload);
  *message = {};
  free_arrivals_.push_back(message);
  return payload;
}

}  // namespace hawser
