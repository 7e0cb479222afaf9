// One party at the other end, reached over N lanes: messages out and in, and the lanes' life and death. Belongs to the
// driver once it is attached to an engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lane/channel_manager.h"
#include "lane/device_memories.h"
#include "lane/inbox.h"
#include "lane/lane.h"
#include "lane/link_notes.h"
#include "lane/outbox.h"

namespace hawser {

struct LinkOptions {
  int32_t rank = -1;
  bool encrypted = false;
  uint32_t eager_bytes = 64 * 1024;
  ChunkLimits chunks;
  bool fail_fast = false;
  bool checksum = true;
  Nanos silence = 250 * kMillisecond;
  Nanos link_timeout = 5 * kSecond;
};

class Link : public LaneOwner, private Outbox::Chunks, private Inbox::Landings {
 public:
  Link(const LinkOptions& options, std::unique_ptr<ChannelManager> channels, bool initiator, EventSink& events);
  ~Link() override;

  Status initialise();
  // All lanes go live under this number; their descriptors wait in `poller`.
  Status attach(uint32_t id, Poller& poller);
  // Says goodbye on every lane that can take it at once, ends all operations with HAWSER_CLOSED and closes the lanes.
  void close();

  void post(const hawser_op& op);
  // See hawser_link_register.
  Status register_memory(void* address, uint64_t bytes, int kind, uint64_t* number);

  // Whether a round is worth its while: not for a link at rest, of which a process may have hundreds. True once more
  // when it comes to rest.
  bool stirs();
  // One round: read what has come, send what may go, acknowledge. `*moved` is set when bytes moved.
  void receive(bool* moved);
  void transmit(bool* moved);
  // Before the driver sleeps: acknowledges and tells credit that would else wait for the next packet, and says in
  // next_tending() when to wake for this link's sake.
  void prepare_sleep(Nanos time);
  // Watches over lanes: the silent, the lost, those on their way back. Call when due, and wake for it at
  // next_tending().
  void tend(Nanos time);
  bool is_due(Nanos time) const;
  Nanos next_tending() const { return next_tending_; }
  void on_device(const std::string& name, bool up);
  // For who looks at the process from outside: what has been counted up to now.
  void publish(Nanos time);

  // Whether the driver should choose lanes again: it has chunks waiting, a lane has room, and something has changed
  // since it chose last (it may have had its reasons to leave a lane with room alone).
  bool wants_driver() const;
  void driver_has_chosen() { changes_seen_ = lane_changes(); }
  // The next lane that has sent something to this end is asked to read without the poller's word.
  void expect_input();
  // Asks the lanes to read that no descriptor speaks for; false when there are none.
  bool expect_polled();

  hawser_link_shared* shared() { return shared_; }
  size_t shared_bytes() const { return memory_.size(); }
  void describe(hawser_link_info* out) const;
  Status describe_lane(uint32_t lane, hawser_lane_info* out);
  // Why the link has failed; while it has not, why a copy between it and a GPU has.
  const Status& error() const { return error_.ok() ? devices_.failure() : error_; }
  ChannelManager& channels() { return *channels_; }
  void update_unacknowledged();

  // LaneOwner
  Outbox& outbox() override { return outbox_; }
  Inbox& inbox() override { return inbox_; }
  EventSink& events() override { return events_; }
  uint32_t id() const override { return id_; }
  bool checksum() const override { return checksum_; }
  uint64_t tell_credit() override { return credit_told_ = inbox_.consumed(); }
  void on_lane_down(const wire::LaneDownRecord& record) override;
  void on_goodbye() override;

 private:
  // A lane that is lost and how it comes back.
  struct Recovery {
    Nanos next_probe = 0;
    Nanos connecting_since = 0;  // 0: no attempt under way
    bool refused = false;        // the last attempt found nobody listening
    std::string last_error;
  };
  // The listener's descriptor is ready: a lane may be coming back.
  struct Door : PollTarget {
    bool knocked = false;
    bool silent = false;  // there is no descriptor: it is opened now and then
    void on_ready(uint32_t) override { knocked = true; }
  };

  void forget(Send* send) override;
  void forget(Incoming* incoming) override;

  size_t lanes() const { return lanes_.size(); }
  size_t living() const;
  uint64_t lane_changes() const;
  Lane* shortest_queue();
  bool open() const { return shared_->state == HAWSER_LINK_OPEN; }
  void lose_lane(size_t index, const Status& why);
  void revive_lane(size_t index);
  void recover_lane(size_t index, Nanos time);
  void watch_lanes(Nanos time);
  void beat(Nanos time);
  Nanos beat_interval() const;
  Nanos beat_answer_due() const;
  void fail(Status why);
  Status all_lanes_lost(const char* verdict) const;
  void settle_arrivals(bool* moved);
  void end_sends_after_goodbye();
  void end_if_deserted();
  void close_doors();
  void schedule_tending(Nanos time);
  void begin_notes();
  stats::Ranks ranks() const { return {options_.rank, peer_rank_}; }

  LinkOptions options_;
  std::unique_ptr<ChannelManager> channels_;
  bool initiator_;
  EventSink& events_;
  DeviceMemories devices_;  // before those that it serves
  Outbox outbox_;
  Inbox inbox_;
  uint32_t id_ = 0;
  bool checksum_;
  bool closed_ = false;
  bool rests_ = false;        // a round has found it at rest
  bool told_closed_ = false;  // the driver knows that the peer has closed
  int peer_rank_;
  std::string peer_host_;
  Mapping memory_;
  hawser_link_shared* shared_ = nullptr;
  Poller* poller_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Recovery> recovery_;
  std::vector<std::unique_ptr<Door>> doors_;
  size_t last_heard_ = 0;
  uint64_t credit_told_ = 0;
  uint64_t changes_seen_ = 0;
  Nanos last_watch_ = 0;
  Nanos last_beat_ = 0;       // of the idle lanes
  Nanos beat_watched_ = 0;    // the last beat of which it was looked whether the peers' kernels acknowledged it
  Nanos deserted_since_ = 0;  // 0: at least one lane lives
  Nanos next_tending_ = 0;
  Status error_;
  LinkNotes notes_;
};

}  // namespace hawser
