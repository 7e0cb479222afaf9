// Where the parts of a link report what happened; the engine writes it into the ring that the driver reads.
#pragma once

#include "hawser.h"

namespace hawser {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Never fails: what the ring cannot take now is kept and written later.
  virtual void post(const hawser_event& event) = 0;
};

inline hawser_event make_event(hawser_event_kind kind, uint32_t link) {
  hawser_event event{};
  event.kind = static_cast<uint32_t>(kind);
  event.link = link;
  event.lane = -1;
  return event;
}

inline hawser_event make_done(hawser_event_kind kind, uint32_t link, uint64_t id, int32_t code, uint64_t bytes) {
  hawser_event event = make_event(kind, link);
  event.id = id;
  event.code = code;
  event.bytes = bytes;
  return event;
}

}  // namespace hawser
