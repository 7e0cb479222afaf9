#include "base/status.h"

#include <system_error>

#include "base/text.h"

namespace hawser {

Status::Status(int32_t code, std::string text, int sys_errno) {
  if (code == HAWSER_OK) return;
  failure_ = std::make_shared<Failure>();
  failure_->code = code;
  failure_->sys_errno = sys_errno;
  failure_->text = std::move(text);
}

Status Status::from_errno(int32_t code, const std::string& text, int sys_errno) {
  return {code, text + ": " + std::system_category().message(sys_errno), sys_errno};
}

const Status::Failure& Status::told() const {
  static const Failure none;
  return ok() ? none : *failure_;
}

Status::Failure& Status::own() {
  failure_ = std::make_shared<Failure>(*failure_);
  return *failure_;
}

Status&& Status::on_lane(int lane, std::string device) && {
  if (!ok()) {
    Failure& failure = own();
    failure.lane = lane;
    failure.device = std::move(device);
  }
  return std::move(*this);
}

Status&& Status::of_rank(int rank) && {
  if (!ok()) own().rank = rank;
  return std::move(*this);
}

void Status::Failure::write_to(hawser_error* out) const {
  out->code = code;
  out->sys_errno = sys_errno;
  out->rank = rank;
  out->lane = lane;
  copy_text(out->device, device);
  std::string where;
  if (rank >= 0) where += "rank " + std::to_string(rank) + ": ";
  if (lane >= 0) where += "lane " + std::to_string(lane) + " (" + device + "): ";
  copy_text(out->text, where + text);
}

}  // namespace hawser
