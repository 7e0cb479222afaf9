#include "stat/notes.h"

#include <limits>

#include "base/text.h"

namespace hawser::stats {

namespace {

// Of strangers who knock there may be thousands a second: they must not push out what else has happened.
constexpr Nanos kBetweenRefusals = kSecond;

bool is_too_soon(uint32_t kind, Nanos time) {
  static std::atomic<Nanos> told{std::numeric_limits<Nanos>::min() / 2};
  if (kind != HAWSER_STAT_REFUSED) return false;
  Nanos last = told.load(std::memory_order_relaxed);
  return time - last < kBetweenRefusals || !told.compare_exchange_strong(last, time, std::memory_order_relaxed);
}

void append_event(File& file, hawser_stat_event event) {
  event.time_ns = now();
  if (is_too_soon(event.kind, event.time_ns)) return;
  append(file.image().events, file.image().header.event_tail, event);
}

hawser_stat_event make_event(hawser_stat_event_kind kind, Ranks ranks, int32_t lane, std::string_view device,
                             std::string_view text) {
  hawser_stat_event event{};
  event.kind = static_cast<uint32_t>(kind);
  event.rank = ranks.own;
  event.peer = ranks.peer;
  event.lane = lane;
  copy_text(event.device, device);
  copy_text(event.text, text);
  return event;
}

}  // namespace

void tell(hawser_stat_event_kind kind, Ranks ranks, std::string_view text, int32_t lane, std::string_view device) {
  if (File* file = File::present(); file != nullptr) append_event(*file, make_event(kind, ranks, lane, device, text));
}

void tell(hawser_stat_event_kind kind, Ranks ranks, const Status& why) {
  File* file = File::present();
  if (file == nullptr) return;
  hawser_stat_event event = make_event(kind, ranks, why.lane(), why.device(), why.text());
  event.code = why.code();
  append_event(*file, event);
}

void tell_error(hawser_stat_event_kind kind, Ranks ranks, const Status& why) {
  File* file = File::present();
  if (file == nullptr) return;
  tell(kind, ranks, why);
  hawser_stat_error error{};
  error.time_ns = now();
  error.code = why.code();
  error.sys_errno = why.sys_errno();
  error.rank = ranks.own;
  error.peer = ranks.peer;
  error.lane = why.lane();
  copy_text(error.device, why.device());
  copy_text(error.text, why.text());
  append(file->image().errors, file->image().header.error_tail, error);
}

hawser_stat_wait make_wait(Ranks ranks, int32_t peer_pid, Nanos since, Nanos deadline, std::string_view what) {
  hawser_stat_wait wait{};
  wait.used = 1;
  wait.rank = ranks.own;
  wait.peer = ranks.peer;
  wait.peer_pid = peer_pid;
  wait.since_ns = since;
  wait.deadline_ns = deadline;
  copy_text(wait.what, what);
  return wait;
}

}  // namespace hawser::stats
