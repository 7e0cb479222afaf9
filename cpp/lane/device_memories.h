// What of a GPU's memory a link knows: its registrations, the slots through which each GPU's bytes travel, and the ends
// of operations that wait until no copy touches their memory any more.
#pragma once

#include <memory>
#include <vector>

#include "lane/channel_manager.h"
#include "lane/events.h"
#include "lane/staging.h"

namespace hawser {

// Between the boxes of a link and the engine's events: an operation may end for the boxes (cancelled, its link closed,
// its chunks arrived by another lane) while a copy for it is under way. Its owner hears of it when that has ended.
class DeviceMemories : public EventSink {
 public:
  DeviceMemories(EventSink& events, ChannelManager& channels, uint64_t chunk_bytes)
      : events_(events), channels_(channels), chunk_bytes_(chunk_bytes) {}

  // [blocks] Makes sure of slots for the GPU that the memory belongs to.
  Status prepare(const void* address, uint64_t bytes, Staging** out);
  // The memory is registered under `number`.
  void add(uint64_t number, const void* address, uint64_t bytes, Staging* staging);

  // The staging of an operation's memory, null for memory of the host.
  Status find(const hawser_op& op, Staging** out) const;

  bool any() const { return !stagings_.empty(); }
  bool busy() const;
  // Takes note of copies that have ended, and tells of the operations that waited for them; whether any has.
  bool poll();
  // [blocks] When the link ends: waits for the copies, as long as a working GPU may take at most.
  void drain();
  // Why a copy has failed, if one has.
  const Status& failure() const;

  void post(const hawser_event& event) override;

 private:
  struct Registered {
    uint64_t address = 0;
    uint64_t bytes = 0;
    Staging* staging = nullptr;  // null: host memory, or none
  };
  bool touches(uint64_t op) const;
  void tell(hawser_event event);

  EventSink& events_;
  ChannelManager& channels_;
  const uint64_t chunk_bytes_;
  std::vector<std::unique_ptr<Staging>> stagings_;  // one a GPU
  std::vector<Registered> registered_;              // by number - 1
  std::vector<hawser_event> held_;
  Status none_;
};

}  // namespace hawser
