// Messages between the ranks of one job over lanes, each named by sender and key: one link to each other rank. Speaks
// as org.hawser.comm.LaneCommunicator does, so that parties in C++ and in Java meet. Any thread may use it, many at
// once; a thread that waits drives the lanes meanwhile.
//
// Failures are yacl's exceptions (lane_error.h); they name this rank, the peer and the key.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "spu/yacl/lane_error.h"
#include "spu/yacl/lane_options.h"
#include "spu/yacl/mailbox.h"
#include "spu/yacl/shared_engine.h"
#include "yacl/base/byte_container_view.h"

namespace hawser {

// Sends that nobody waits for one by one. Guarded by the communicator's lock.
struct SendGroup {
  uint64_t under_way = 0;
  Failure first_failure;
};

class LaneCommunicator : private EngineUser {
 public:
  LaneCommunicator(size_t rank, size_t world_size, const LaneOptions& options);
  // Waits up to 5 seconds for the peers to acknowledge what was sent. Nobody uses it any more.
  ~LaneCommunicator() override;

  // Listens at host:port (port 0: a free one) and returns the port.
  uint16_t listen(const std::string& address);
  // Connects with all ranks, which must do the same within the options' connect_timeout. `addresses` are host:port.
  void connect(const std::vector<std::string>& addresses);

  size_t rank() const { return rank_; }
  size_t world_size() const { return peers_.size(); }

  // Messages that fit into an envelope are copied and on their way when a send returns; `group` knows when they have
  // ended. Longer ones go straight from their memory: send() waits until the peer has acknowledged them, send_async()
  // keeps the buffer until then. A send() that gives up or whose time is over ends early, and the link with it.
  void send(size_t to, const MessageKey& key, ::yacl::ByteContainerView value, const std::shared_ptr<SendGroup>& group,
            Nanos timeout, const std::atomic<bool>& given_up);
  void send_async(size_t to, const MessageKey& key, ::yacl::Buffer value, const std::shared_ptr<SendGroup>& group);

  // Waits until `group` has at most so many sends under way; false when the time is over, or `given_up`.
  bool await_sends(const SendGroup& group, uint64_t under_way, Nanos timeout, const std::atomic<bool>& given_up);
  Failure first_failure(const SendGroup& group);

  // The payload is where the lanes have put it. Throws LinkAborted when `given_up` comes true: see notify().
  ::yacl::Buffer recv(size_t from, const MessageKey& key, Nanos timeout, const std::atomic<bool>& given_up);
  // Lets waits look at their `given_up`.
  void notify();

  // Tells all peers why this party gives up, and lets everybody fail who waits or comes later.
  void abort(const std::string& reason);

 private:
  static constexpr size_t kPosted = 16;  // receives that wait for envelopes, a peer

  // A receive that waits for an envelope; they may end out of order, over several lanes.
  struct Slot {
    std::unique_ptr<unsigned char[]> block;
    bool done = false;
    int32_t code = HAWSER_OK;
    uint64_t bytes = 0;
  };

  struct Peer {
    hawser_link* link = nullptr;
    uint32_t id = 0;
    const hawser_link_shared* shared = nullptr;
    uint64_t sequence = 0;
    uint64_t sends = 0;  // posted and not ended
    Mailbox mailbox;
    std::array<Slot, kPosted> slots;
    size_t first = 0;  // the slot that was posted first
    Failure failure;
  };

  // What a caller waits for.
  struct Ticket {
    bool done = false;
    int32_t code = HAWSER_OK;
  };

  // Posted and not completed; its index + 1 is its id.
  struct Operation {
    enum class Kind : uint8_t { kFree, kEnvelopeOut, kPayloadOut, kEnvelopeIn, kPayloadIn };
    Kind kind = Kind::kFree;
    size_t peer = 0;
    std::unique_ptr<unsigned char[]> block;  // kEnvelopeOut
    ::yacl::Buffer kept;                     // kPayloadOut, asynchronous
    std::shared_ptr<SendGroup> group;        // asynchronous
    Ticket* ticket = nullptr;                // synchronous
    size_t slot = 0;                         // kEnvelopeIn
    Arrival* arrival = nullptr;              // kPayloadIn
  };

  struct Deferred {
    size_t peer;
    Arrival* message;
  };

  void on_event(const hawser_event& event) noexcept override;
  void on_broken(int32_t code, const char* why) noexcept override;
  void complete(const hawser_event& event);
  void end_send(const Operation& operation, int32_t code);
  void fail(size_t rank, int32_t code, const std::string& why);

  uint64_t add_operation(Operation::Kind kind, size_t rank);
  Operation& operation(uint64_t id) { return operations_[id - 1]; }
  void post(hawser_op_kind kind, uint64_t id, uint64_t tag, const void* data, uint64_t bytes);
  uint64_t post_envelope(size_t to, Envelope::Kind kind, const MessageKey& key, const void* payload, uint64_t bytes,
                         uint64_t sequence);
  uint64_t post_message(size_t to, const MessageKey& key, const void* payload, uint64_t bytes);
  void post_receive(size_t from, size_t slot);
  void cancel(uint64_t id);
  void cancel_payloads(size_t to);

  void drain(size_t from);
  bool accept(size_t from, const Slot& slot);
  void append(size_t from, const Envelope& envelope);
  void begin(size_t from, Arrival* message);
  void fetch_now(size_t from, Arrival* message);
  void make_use_of_room();
  bool has_room_for(uint64_t bytes) const { return waiting_bytes_ == 0 || waiting_bytes_ + bytes <= limit_; }

  Peer& peer(size_t rank, const char* verb);
  size_t rank_of(uint32_t link) const;
  hawser_link* connect_to(size_t rank, const std::string& address, Nanos deadline);
  void accept_one(Nanos deadline);
  void join(size_t rank, hawser_link* link);
  bool is_acknowledged(const Peer& peer) const;
  std::string attempt(const char* verb, size_t rank, const MessageKey& key) const;

  const size_t rank_;
  const uint64_t limit_;
  const Nanos connect_timeout_;
  std::vector<std::unique_ptr<Peer>> peers_;
  hawser_listener* listener_ = nullptr;
  std::deque<Operation> operations_;
  std::vector<uint64_t> free_operations_;
  std::vector<std::unique_ptr<unsigned char[]>> free_blocks_;
  std::deque<Deferred> deferred_;  // announced, and not fetched for want of room
  bool held_back_ = false;         // some peer's envelopes wait for room
  uint64_t waiting_bytes_ = 0;     // there or on the way, and not received yet
  Failure ended_;
  SharedEngine engine_;  // last: its thread calls back into what is above
};

}  // namespace hawser
