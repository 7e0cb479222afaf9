#include "lane/sliding_window.h"

#include <algorithm>

#include "hawser.h"

namespace hawser {

static_assert(SlidingWindow::kCapacity == HAWSER_WINDOW);

SlidingWindow::SlidingWindow(int max_inflight) : max_inflight_(std::clamp(max_inflight, 1, kCapacity)) {}

bool SlidingWindow::add(const WindowEntry& entry) {
  if (is_full()) return false;
  entries_[static_cast<size_t>((first_ + size_) % kCapacity)] = entry;
  ++size_;
  return true;
}

bool SlidingWindow::release_oldest(WindowEntry* out) {
  if (is_empty()) return false;
  WindowEntry& oldest = at(0);
  if (!oldest.settled || (oldest.event != nullptr && !oldest.event->completed())) return false;
  *out = oldest;
  first_ = (first_ + 1) % kCapacity;
  --size_;
  return true;
}

}  // namespace hawser
