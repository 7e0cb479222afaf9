// The C ABI over this process's file of counters, waits and events.
#include "hawser_stat.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

#include "base/guarded.h"
#include "stat/folder.h"
#include "stat/notes.h"

using hawser::guarded;
using hawser::Nanos;
using hawser::Status;
using hawser::stats::File;

namespace {

int32_t copy_out(const std::string& text, char* out, int32_t capacity) {
  if (capacity > 0) {
    const size_t length = std::min(text.size(), static_cast<size_t>(capacity) - 1);
    std::memcpy(out, text.data(), length);
    out[length] = '\0';
  }
  return static_cast<int32_t>(text.size());
}

}  // namespace

int32_t hawser_stat_folders(char* out, int32_t capacity) {
  int32_t length = 0;
  (void)guarded(nullptr, [&]() -> Status {
    std::string lines;
    for (const std::string& folder : hawser::stats::folders()) lines += folder + "\n";
    length = copy_out(lines, out, capacity);
    return {};
  });
  return length;
}

int32_t hawser_stat_file(char* out, int32_t capacity) {
  const File* file = File::present();
  return copy_out(file == nullptr ? std::string() : file->path(), out, capacity);
}

int32_t hawser_stat_wait_begin(int32_t rank, int32_t peer, int64_t waited_ns, int64_t left_ns, const char* what) {
  File* file = File::present();
  if (file == nullptr) return -1;
  const Nanos time = hawser::now();
  const Nanos since = time - std::clamp<int64_t>(waited_ns, 0, time);
  const auto* row = file->claim(
      hawser::stats::make_wait({rank, peer}, 0, since, hawser::after(left_ns), what == nullptr ? "" : what));
  return row == nullptr ? -1 : static_cast<int32_t>(row - file->image().waits);
}

void hawser_stat_wait_end(int32_t wait) {
  File* file = File::present();
  if (file != nullptr && wait >= 0 && static_cast<size_t>(wait) < std::size(file->image().waits))
    file->release(file->image().waits + wait);
}
