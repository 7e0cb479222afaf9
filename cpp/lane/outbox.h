// What a link has to say: sends from their operation to their last acknowledgement, and control records on their way
// into packets. Lanes pull from it when they have room (late binding), so that small messages gather while lanes are
// busy.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ranges.h"
#include "lane/events.h"
#include "lane/packet.h"

namespace hawser {

class Staging;

// Chunks are as long as `most` where every lane still gets one of the message, else shorter, down to `least`.
struct ChunkLimits {
  uint32_t least = 512 * 1024;
  uint32_t most = least;
};

struct Send {
  uint64_t id = 0;  // the caller's
  uint64_t number = 0;
  uint64_t sequence = 0;
  uint64_t tag = 0;
  const unsigned char* data = nullptr;
  uint64_t bytes = 0;
  uint64_t chunk_bytes = 0;  // how it is cut
  uint64_t memory = 0;
  Staging* device = nullptr;  // of the GPU whose memory `data` is
  uint64_t acknowledged = 0;
  bool eager = false;
  bool ready = false;   // the driver may cut it in chunks
  bool active = false;  // known by id and number: announced or ready
  ranges::Span span;
};

class Outbox {
 public:
  // What becomes of chunks under way when their send ends early.
  class Chunks {
   public:
    virtual ~Chunks() = default;
    // After the call no lane touches the send's memory or the Send.
    virtual void forget(Send* send) = 0;
  };

  // `lanes`: of the link.
  Outbox(EventSink& events, Chunks& chunks, uint32_t link, uint32_t eager_bytes, const ChunkLimits& limits,
         uint32_t lanes);

  void set_link(uint32_t link) { link_ = link; }
  // `device`: of the GPU whose memory it is, null for memory of the host.
  void post(const hawser_op& op, Staging* device = nullptr);
  // False when there is no such send (any more).
  bool cancel(uint64_t id);
  // Ends a send that find() has given.
  void withdraw(Send* send, int32_t code);
  void end_all(int32_t code);

  // Lets eager sends at the head of the queue, credit permitting, become ready.
  void advance();
  bool has_records() const;
  // Fills the packet with what fits; returns whether anything was put.
  bool fill(PacketWriter& packet);
  static wire::MessageRecord message_record(const Send& send, uint8_t flags);

  template <typename Record>
  void control(const Record& record) {
    static_assert(sizeof(Record) <= sizeof(Control::bytes));
    Control control;
    control.size = sizeof(Record);
    std::memcpy(control.bytes, &record, sizeof(Record));
    controls_.push_back(control);
  }

  // Takes over the records of a packet that a lost lane did not acknowledge.
  void requeue(const unsigned char* packet, uint32_t bytes);

  // The send that the driver's chunk belongs to; null when it has ended.
  Send* find(uint64_t id);
  void acknowledge(Send* send, uint64_t bytes);
  void on_ready(uint64_t number);
  void on_rejected(uint64_t number, int32_t code);
  void on_credit(uint64_t consumed);

  // Tells the time to a queue that waits for credit; call again while waits_for_credit().
  void watch(Nanos time);
  bool waits_for_credit() const { return !stalled_ && !queue_.empty() && form(*queue_.front()) == Form::kWait; }

  // Sends, records and messages that have not left yet.
  uint64_t outstanding() const { return queue_.size() + by_id_.size() + controls_.size() + again_.size(); }

 private:
  struct Control {
    uint32_t size = 0;
    alignas(8) unsigned char bytes[sizeof(wire::MessageRecord)] = {};
  };

  Send* take_pooled();
  uint64_t chunk_bytes(uint64_t message) const;
  void tell_ready(Send* send);
  void finish(Send* send, int32_t code);
  void activate(Send* send);
  // How a send may leave now. Without credit for its payload a message waits, and when credit stays away it is
  // announced instead: a receiver that wants this one must not wait for room that others take.
  enum class Form { kWait, kInline, kEager, kAnnounced };
  Form form(const Send& send) const;
  static uint64_t cost(const Send& send, Form form);
  void tell_void(const Send& send, uint8_t flags);

  EventSink& events_;
  Chunks& chunks_;
  uint32_t link_;
  uint32_t eager_bytes_;
  ChunkLimits limits_;
  uint32_t lanes_;
  uint64_t next_number_ = 1;
  uint64_t next_sequence_ = 0;
  uint64_t spent_ = 0;     // credit
  uint64_t consumed_ = 0;  // by the peer
  Nanos waiting_since_ = 0;
  bool stalled_ = false;  // credit has stayed away for long
  std::deque<Send*> queue_;
  std::deque<Control> controls_;
  std::deque<std::vector<unsigned char>> again_;  // records of lost lanes, whole, in their order
  std::unordered_map<uint64_t, Send*> by_id_;     // announced or ready
  std::unordered_map<uint64_t, Send*> by_number_;
  std::vector<std::unique_ptr<Send>> sends_;
  std::vector<Send*> pool_;
};

}  // namespace hawser
