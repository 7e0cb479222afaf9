// One lane of a link: packets and chunks over one Comm, their acknowledgements, and what must go again when the lane is
// lost. Belongs to the driver.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "lane/channel_manager.h"
#include "lane/device_memories.h"
#include "lane/inbox.h"
#include "lane/outbox.h"
#include "mem/mapping.h"
#include "mem/rings.h"
#include "net/fixed_ring.h"

namespace hawser {

// What a lane needs of its link.
class LaneOwner {
 public:
  virtual ~LaneOwner() = default;
  virtual Outbox& outbox() = 0;
  virtual Inbox& inbox() = 0;
  virtual EventSink& events() = 0;
  virtual uint32_t id() const = 0;
  virtual bool checksum() const = 0;
  // What the next packet header says of credit; it counts as told.
  virtual uint64_t tell_credit() = 0;
  virtual void on_lane_down(const wire::LaneDownRecord& record) = 0;
  virtual void on_goodbye() = 0;
};

class Lane {
 public:
  Lane(LaneOwner& owner, Channel& channel, const DeviceMemories& devices, hawser_lane_state* state,
       hawser_chunk* chunks);

  Status initialise();
  // The channel has a comm, on which both ends have said hello: the lane is alive.
  void go_live();
  // Closes the comm and gives everything unacknowledged back: chunks to the driver, records to the outbox.
  void lose();

  bool alive() const { return alive_; }
  int index() const { return channel_.id; }
  const std::string& device() const { return channel_.device; }
  Comm* comm() { return channel_.comm.get(); }

  // Reads what has come and acts on it. An error means that the lane is lost.
  Status receive(bool* moved);
  // Counts chunks whose copies to a GPU have ended, and makes room for one that waits for a slot. Also for a lane that
  // was lost: what had arrived by then still counts.
  Status settle_arrivals(bool* moved);
  // Sends the chunks that the driver gave to this lane, and waiting records of the link.
  Status send(bool* moved, bool records);
  // Acknowledges by a packet of its own what no packet has carried: chunks always, packets when many wait. `now_all`:
  // every last packet, and credit, too.
  Status acknowledge(bool now_all);

  bool can_take_packet() const;
  // Whether receive() would find something, be it what the comm read in passing while it sent.
  // Takes account of the chunks that the peer has acknowledged.
  void settle();

  // Whether the peer has said on this lane that it closes the link: nothing follows.
  bool said_goodbye() const { return said_goodbye_; }
  bool has_input() const { return alive_ && (read_in_passing_ || channel_.comm->ready()); }
  uint64_t queued_bytes() const { return packet_bytes_in_flight_; }
  // Whether the peer's kernel ought to be alive: something is under way, or waits because the lane does not take it.
  bool unacknowledged() const {
    return slots_in_use() != 0 || !channel_.window.is_empty() || !departures_.is_empty() || chunks_.front() != nullptr;
  }
  // Whether chunks have arrived that are not counted yet.
  bool has_arrivals() const { return !arrivals_.is_empty(); }
  // Whether a round would find something to do here, or may.
  bool stirs() const {
    return alive_ && (has_input() || unacknowledged() || owes_acknowledgement() || !local_.empty() ||
                      outgoing_first_ != outgoing_last_);
  }
  bool owes_acknowledgement() const { return packets_received_ != packets_told_ || chunks_received_ != chunks_told_; }
  // Records that only this lane may carry, ahead of all others.
  template <typename Record>
  void tell(const Record& record) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(&record);
    local_.insert(local_.end(), bytes, bytes + sizeof(Record));
  }

  void forget(const Send* send);
  void forget(const Incoming* incoming);
  // Doubts a measurement of an idle lane more and more; `best` is the highest rate of the link's lanes. Every 50 ms or
  // so.
  void age_rate(Nanos time, uint64_t best);
  uint64_t rate() const { return state_.rate; }
  bool has_room() const;

 private:
  static constexpr uint32_t kSlots = 32;
  struct Slot {
    uint32_t bytes = 0;
    uint32_t ordinal = 0;  // count of packets with records up to this one
  };
  // What the comm was given, in order.
  struct Outgoing {
    enum class What : uint8_t { kPacket, kChunk, kStagedChunk, kAcknowledgement } what = What::kPacket;
    Request* request = nullptr;  // null once it is done: some comms are done with a short message before a long one
    bool written = false;        // a chunk that was counted as written before the comm was done with it
  };
  // A chunk to be sent next: with a slot, its bytes come from a GPU.
  struct Departure : WindowSlot {
    hawser_chunk chunk{};
    Send* send = nullptr;  // null when it has ended before its chunk
    StagingSlot* slot = nullptr;
  };
  // A chunk whose payload is to come. There are several where the comm tells of the next packet before the payload
  // ahead of it is here.
  struct Coming {
    wire::ChunkRecord chunk{};
    Inbox::Landing landing;
    StagingSlot* slot = nullptr;
    Request* payload = nullptr;  // null: it waits for a slot, and nothing is read meanwhile
  };
  // A chunk that has arrived whole.
  struct Arrival : WindowSlot {
    Inbox::Landing landing;
    wire::ChunkRecord chunk{};
    StagingSlot* slot = nullptr;
    bool corrupt = false;
    bool counts = true;  // false when its lane was lost since: it is not to be acknowledged
  };

  uint32_t slots_in_use() const { return slots_built_ - slots_freed_; }
  unsigned char* slot_memory(uint32_t slot) { return memory_.data() + slot % kSlots * wire::kPacketBytes; }
  Status send_packet(bool records, bool* sent);
  bool next_chunk(Departure* next);
  Status send_chunk(const Departure& next);
  void put_chunk(PacketWriter& packet, const Departure& next);
  void skip_chunk(const hawser_chunk& chunk);
  void count_returned(const hawser_chunk& chunk);
  void tell_returned(uint64_t id, uint64_t offset, uint64_t bytes);
  bool direct(uint64_t memory, uint64_t bytes) const;
  void stage();
  bool next_staged(Departure* next);
  void give_back(StagingSlot* slot);
  void lose_departures();
  void fill_header(unsigned char* packet, uint32_t bytes);
  void remember(Outgoing::What what, Request* request);
  void collect_sent();
  void count_written(Outgoing* chunk);
  void count_sent(Outgoing* message, size_t bytes);
  void begin_delivery(Nanos time);
  void measure(const WindowEntry& entry, Nanos time);

  Status push();
  Status expect_packet();
  Status on_packet(size_t bytes);
  Status on_records(const unsigned char* packet, uint32_t bytes);
  Status on_record(const wire::RecordHeader& header, const unsigned char* at);
  Status on_acknowledged(const wire::PacketHeader& header);
  Status begin_chunk(const wire::ChunkRecord& record);
  Status land_chunk();
  bool landing_waits() { return !comings_.empty() && comings_.back().payload == nullptr; }
  void end_chunk();
  void count(const Arrival& arrival);
  void lose_landing();
  void refuse(uint64_t ordinal);

  LaneOwner& owner_;
  Channel& channel_;
  const DeviceMemories& devices_;
  hawser_lane_state& state_;
  SpscRing<hawser_chunk> chunks_;
  bool alive_ = false;

  // Sending. Slots are a ring: [freed, built) are not yet acknowledged.
  Mapping memory_;
  std::array<Slot, kSlots> slots_;
  uint32_t slots_built_ = 0;
  uint32_t slots_freed_ = 0;
  uint32_t packets_sent_ = 0;
  uint64_t packet_bytes_in_flight_ = 0;
  std::vector<unsigned char> local_;
  std::array<Outgoing, 128> outgoing_;
  uint32_t outgoing_first_ = 0;
  uint32_t outgoing_last_ = 0;
  uint32_t chunks_sent_ = 0;
  uint32_t chunks_settled_ = 0;
  BasicSlidingWindow<Departure> departures_;  // chunks on their way from a GPU to their slot, or there
  uint32_t slots_held_ = 0;                   // for sending
  uint32_t acknowledgements_out_ = 0;
  static constexpr uint32_t kAcknowledgements = 2;
  std::array<std::array<unsigned char, 64>, kAcknowledgements> acknowledgement_{};
  uint32_t acknowledgement_next_ = 0;

  // Receiving.
  Request* packet_ = nullptr;
  unsigned char* packet_memory_ = nullptr;
  static constexpr uint32_t kComings = 8;
  FixedRing<Coming, kComings> comings_;
  BasicSlidingWindow<Arrival> arrivals_;
  Mapping sink_;
  uint32_t packets_received_ = 0;
  uint32_t chunks_received_ = 0;
  uint32_t packets_told_ = 0;
  uint32_t chunks_told_ = 0;

  bool said_goodbye_ = false;
  bool read_in_passing_ = false;

  Nanos delivered_at_ = 0;  // when a chunk was acknowledged last, or sent on an idle lane after that
  uint64_t delivered_bytes_ = 0;
};

}  // namespace hawser
