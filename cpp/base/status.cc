#include "base/status.h"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace hawser {

Status Status::from_errno(int32_t code, const std::string& text, int sys_errno) {
  return {code, text + ": " + std::system_category().message(sys_errno), sys_errno};
}

namespace {

template <size_t N>
void copy_text(char (&out)[N], const std::string& text) {
  const size_t length = std::min(text.size(), N - 1);
  std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

}  // namespace

int32_t Status::write_to(hawser_error* out) const {
  if (out == nullptr) return code_;
  out->code = code_;
  out->sys_errno = errno_;
  out->rank = rank_;
  out->lane = lane_;
  copy_text(out->device, device_);
  std::string where;
  if (rank_ >= 0) where += "rank " + std::to_string(rank_) + ": ";
  if (lane_ >= 0) where += "lane " + std::to_string(lane_) + " (" + device_ + "): ";
  copy_text(out->text, where + text_);
  return code_;
}

}  // namespace hawser
