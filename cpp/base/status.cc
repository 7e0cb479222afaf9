#include "base/status.h"

#include <system_error>

#include "base/text.h"

namespace hawser {

Status Status::from_errno(int32_t code, const std::string& text, int sys_errno) {
  return {code, text + ": " + std::system_category().message(sys_errno), sys_errno};
}

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
