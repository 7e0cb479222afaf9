// What has come from one peer and waits to be received: for each key a queue, in the order in which the peer sent.
// The caller's lock guards it. Queues and messages are used again and again, so that steady traffic allocates nothing
// here but the payloads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "spu/yacl/envelope.h"
#include "yacl/base/buffer.h"

namespace hawser {

// A message that is there, or announced.
struct Arrival {
  ::yacl::Buffer payload;
  uint64_t bytes = 0;
  uint64_t sequence = 0;  // of an announced one
  bool begun = false;     // it is there, or on its way into `payload`
  bool ready = false;
  Arrival* next = nullptr;
};

struct MessageQueue {
  Arrival* head = nullptr;
  Arrival* tail = nullptr;
  int waiters = 0;

  bool has_message() const { return head != nullptr && head->ready; }
};

class Mailbox {
 public:
  // The queue of that key; stays until leave() finds it idle.
  MessageQueue& find_or_add(const MessageKey& key);
  void leave(const MessageKey& key);

  Arrival* append(MessageQueue& queue);
  // The first message, which must be ready. The queue stays until leave().
  ::yacl::Buffer take(MessageQueue& queue);

 private:
  using Queues = std::unordered_map<std::string, MessageQueue>;

  Queues queues_;
  std::vector<Queues::node_type> free_queues_;
  std::vector<std::unique_ptr<Arrival>> arrivals_;
  std::vector<Arrival*> free_arrivals_;
  std::string lookup_;  // keeps its memory from call to call
};

}  // namespace hawser
