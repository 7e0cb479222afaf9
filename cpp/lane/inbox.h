// What a link has been told: receives waiting for messages, messages waiting for receives, and messages on their way
// into memory. Messages are matched to receives of the same tag in the order in which they were sent, whichever lane
// was faster.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/ranges.h"
#include "base/status.h"
#include "lane/events.h"
#include "lane/outbox.h"
#include "lane/wire.h"

namespace hawser {

class Staging;

struct Receive {
  uint64_t id = 0;  // the caller's
  uint64_t tag = 0;
  unsigned char* data = nullptr;
  uint64_t capacity = 0;
  uint64_t memory = 0;
  Staging* device = nullptr;  // of the GPU whose memory `data` is
  Receive* next = nullptr;
  ranges::Span span;
};

// A message of the peer.
struct Incoming {
  uint64_t number = 0;  // the peer's
  uint64_t tag = 0;
  uint64_t bytes = 0;
  uint64_t chunk_bytes = 0;
  uint64_t cost = 0;
  uint64_t received = 0;
  bool announced = false;  // neither inline nor eager: it waits for our word
  bool matched = false;
  Receive receive;                   // valid when matched
  std::vector<unsigned char> store;  // inline and eager payload that came before its receive
  std::vector<uint64_t> have;        // a bit a chunk
  Incoming* next = nullptr;
};

class Inbox {
 public:
  // What becomes of a chunk that is arriving when its message ends early.
  class Landings {
   public:
    virtual ~Landings() = default;
    // After the call no lane touches the message's memory or the Incoming.
    virtual void forget(Incoming* incoming) = 0;
  };

  Inbox(EventSink& events, Outbox& outbox, Landings& landings, uint32_t link);

  void set_link(uint32_t link) { link_ = link; }
  // `device`: of the GPU whose memory it is, null for memory of the host.
  void post(const hawser_op& op, Staging* device = nullptr);
  // False when there is no such receive (any more).
  bool cancel(uint64_t id);
  // The peer said goodbye: receives that no message waits for end with `code`, and later ones likewise.
  void peer_closed(int32_t code);
  // Ends a matched message that begin_chunk() has given.
  void reject(Incoming* incoming, int32_t code);
  void end_all(int32_t code);

  // `payload` is the record's inline payload. An error means that the peer breaks the protocol.
  Status on_message(const wire::MessageRecord& record, const unsigned char* payload);
  void on_withdrawn(uint64_t number, int32_t code);

  // Where a chunk belongs: data null means drop it (it came twice, or its message has ended).
  struct Landing {
    Incoming* incoming = nullptr;
    unsigned char* data = nullptr;
    Staging* device = nullptr;  // of the GPU whose memory `data` is
  };
  Status begin_chunk(const wire::ChunkRecord& record, Landing* out);
  // Does nothing when the chunk has come by another lane since.
  void end_chunk(Incoming* incoming, const wire::ChunkRecord& record);

  uint64_t consumed() const { return consumed_; }
  // Receives that no message has come for yet.
  uint64_t waiting() const { return receives_.size() - receive_pool_.size(); }

 private:
  template <typename Node>
  struct Fifo {
    Node* first = nullptr;
    Node* last = nullptr;
    void push(Node* node);
    Node* pop();
    bool remove(Node* node);
  };
  struct TagQueues {
    Fifo<Receive> receives;
    Fifo<Incoming> messages;
  };

  Incoming* make_incoming(const wire::MessageRecord& record, const unsigned char* payload);
  void in_order(Incoming* incoming);
  void deliver(Incoming* incoming);
  void match(Incoming* incoming, const Receive& receive);
  void finish(Incoming* incoming, int32_t code);
  void drop(Incoming* incoming);
  void complete(const Receive& receive, int32_t code, uint64_t bytes);
  bool deliver_inline(const wire::MessageRecord& record, const unsigned char* payload);
  void prune(uint64_t tag);

  EventSink& events_;
  Outbox& outbox_;
  Landings& landings_;
  uint32_t link_;
  uint64_t next_sequence_ = 0;
  uint64_t consumed_ = 0;
  uint64_t waiting_cost_ = 0;  // of messages without a receive
  int32_t closed_code_ = HAWSER_OK;
  bool ended_ = false;                   // no lane brings anything any more
  std::map<uint64_t, Incoming*> early_;  // by sequence; null: withdrawn
  std::unordered_map<uint64_t, TagQueues> tags_;
  std::unordered_map<uint64_t, Incoming*> active_;  // by number: eager and announced ones until they are whole
  std::vector<std::unique_ptr<Incoming>> messages_;
  std::vector<Incoming*> message_pool_;
  std::vector<std::unique_ptr<Receive>> receives_;
  std::vector<Receive*> receive_pool_;
};

}  // namespace hawser
