// What the rest of the library notes in this process's file. All of it does nothing where there is none.
#pragma once

#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "stat/file.h"

namespace hawser::stats {

// How long somebody waits before it is worth a note. Shorter waits cost nothing.
constexpr Nanos kPatience = 50 * kMillisecond;

// A row of one's own, until the note goes.
template <typename Row>
class Note {
 public:
  Note() = default;
  explicit Note(const Row& content) : file_(File::present()) {
    if (file_ != nullptr) row_ = file_->claim(content);
  }
  Note(Note&& other) noexcept : file_(other.file_), row_(std::exchange(other.row_, nullptr)) {}
  Note& operator=(Note&& other) noexcept {
    if (this != &other) {
      drop();
      file_ = other.file_;
      row_ = std::exchange(other.row_, nullptr);
    }
    return *this;
  }
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;
  ~Note() { drop(); }

  // Null: there was no room, or there is no file.
  Row* row() const { return row_; }

 private:
  void drop() {
    if (row_ != nullptr) file_->release(std::exchange(row_, nullptr));
  }

  File* file_ = nullptr;
  Row* row_ = nullptr;
};

// States and times of a row in use: each by one store, as counters are by store_relaxed.
inline void store_state(uint32_t& word, uint32_t value) {
  std::atomic_ref<uint32_t>(word).store(value, std::memory_order_relaxed);
}
inline void store_time(int64_t& word, Nanos value) {
  std::atomic_ref<int64_t>(word).store(value, std::memory_order_relaxed);
}

// [any] Who is meant: this end's rank and the peer's, -1 where there is none.
struct Ranks {
  int32_t own = -1;
  int32_t peer = -1;
};

// [any] Never waits for another thread.
void tell(hawser_stat_event_kind kind, Ranks ranks, std::string_view text, int32_t lane = -1,
          std::string_view device = {});
// [any] With lane, device and code as the status has them.
void tell(hawser_stat_event_kind kind, Ranks ranks, const Status& why);
// [any] As tell(), and among the last errors too.
void tell_error(hawser_stat_event_kind kind, Ranks ranks, const Status& why);

// A wait of this thread, from `since` to `deadline` at most.
hawser_stat_wait make_wait(Ranks ranks, int32_t peer_pid, Nanos since, Nanos deadline, std::string_view what);

}  // namespace hawser::stats
